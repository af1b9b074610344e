// A whole description through all stages, with the components of the tree, in a world in memory.
#include "tests/unit/deployed.h"

namespace encamp::test {
namespace {

std::string hello() {
  return text_of_file(std::string(ENCAMP_SOURCE_DIR) + "/examples/hello.yaml");
}

// What outlives every deployment: the images.
std::vector<std::string> without_images(const FakeHost& host) {
  std::vector<std::string> objects = host.objects();
  std::erase_if(objects, [](const std::string& object) {
    return object.find("encamp.images") != std::string::npos;
  });
  return objects;
}

TEST(Hello, ComesUpPassesItsTestAndIsGoneAgain) {
  Deployed hello_site(hello());

  const Outcome made = hello_site.run_up();
  EXPECT_TRUE(made.succeeded()) << made.summary() << "\n"
                                << (made.failures.empty() ? ""
                                                          : made.failures.front().error.what());
  const TestRun tests = hello_site.run_site_tests();
  ASSERT_EQ(tests.results.size(), 1U);
  EXPECT_EQ(tests.results.front().status, TestResult::Status::Passed) << tests.results.front().why;
  EXPECT_TRUE(hello_site.journal.deployment()->outputs.front().value.is_text());

  EXPECT_TRUE(hello_site.run_down().succeeded());
  EXPECT_TRUE(without_images(hello_site.world.here()).empty());
  EXPECT_TRUE(hello_site.world.here().misuse().empty());
}

TEST(Hello, DoesNothingTheSecondTime) {
  Deployed hello_site(hello());
  hello_site.run_up();

  EXPECT_EQ(hello_site.run_up().summary(), "nothing to do");
}

TEST(Hello, CommitsRarely) {
  Deployed hello_site(hello());

  hello_site.run_up();

  EXPECT_LE(hello_site.world.faults.calls("commit"), 12);
}

class HelloKilled : public testing::TestWithParam<Faults::When> {};

TEST_P(HelloKilled, DownEmptiesTheHostWhereverTheProcessDied) {
  int call = 1;
  for (bool died = true; died; ++call) {
    Deployed hello_site(hello());
    hello_site.world.faults.kill_at(call, GetParam());
    try {
      hello_site.run_up();
      hello_site.run_site_tests();
      hello_site.run_down();
    } catch (const Killed&) {
    }
    died = hello_site.world.faults.is_dead();
    hello_site.world.faults.revive();

    const Outcome outcome = hello_site.run_down();

    ASSERT_TRUE(outcome.succeeded()) << "killed in call " << call;
    ASSERT_EQ(without_images(hello_site.world.here()), std::vector<std::string>{})
        << "killed in call " << call;
    ASSERT_TRUE(hello_site.world.here().misuse().empty()) << "killed in call " << call;
  }
  EXPECT_GT(call, 40);
}

TEST_P(HelloKilled, UpGoesOnWhereverTheProcessDied) {
  for (int call = 1, died = 1; died != 0; ++call) {
    Deployed hello_site(hello());
    hello_site.world.faults.kill_at(call, GetParam());
    try {
      hello_site.run_up();
    } catch (const Killed&) {
    }
    died = hello_site.world.faults.is_dead() ? 1 : 0;
    hello_site.world.faults.revive();

    const Outcome outcome = hello_site.run_up();

    ASSERT_TRUE(outcome.succeeded())
        << "killed in call " << call << ": "
        << (outcome.failures.empty() ? "" : outcome.failures.front().error.what());
    ASSERT_TRUE(hello_site.run_site_tests().outcome.succeeded()) << "killed in call " << call;
  }
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, HelloKilled,
                         testing::Values(Faults::When::Before, Faults::When::After));

TEST(Hello, KeepsTheJournalOfAServiceThatNeverGetsReady) {
  std::string text = hello();
  const std::string ready = "port: 80";
  text.replace(text.find(ready), ready.size(), "port: 81, timeout: 10 s");
  Deployed lab(text);

  const Outcome outcome = lab.run_up();

  ASSERT_EQ(outcome.failures.size(), 1U);
  EXPECT_EQ(outcome.failures.front().error.kind(), ErrorKind::Timeout);
  EXPECT_NO_THROW(lab.evidence.at("nodes.node/journal/nginx"));
  EXPECT_NO_THROW(lab.evidence.at("nodes.node/console"));
  ASSERT_FALSE(outcome.slowest.empty());
  EXPECT_EQ(outcome.slowest.front().address, "nodes.node.software.nginx") << "failed steps count";
}

constexpr const char* kTests = R"(
encamp: 1
site: lab
networks: {lan: {}}
images: {debian: {debian: bookworm}}
nodes:
  a: {memory: 256 MiB, disk: 1 GiB}
  b: {memory: 256 MiB, disk: 1 GiB}
tests:
  good: {node: a, run: one, expect: {output: one, matches: "^o.e"}, collect: [/etc/seen, "b:/etc/other"]}
  bad: {node: a, run: two, expect: {contains: three}}
  needing: {node: b, run: four, needs: [tests.bad]}
  free: {node: b, run: five}
)";

TEST(SiteTests, SkipWhatNeedsAFailedOneAndKeepEvidence) {
  Deployed lab(kTests);
  ASSERT_TRUE(lab.run_up().succeeded());

  const TestRun run = lab.run_site_tests();

  using Status = TestResult::Status;
  ASSERT_EQ(run.results.size(), 4U);
  EXPECT_EQ(run.results[0].status, Status::Passed) << run.results[0].why;
  EXPECT_EQ(run.results[1].status, Status::Failed);
  EXPECT_EQ(run.results[1].why, "expected output that contains \"three\", got \"two\"");
  EXPECT_EQ(run.results[2].status, Status::Skipped);
  EXPECT_EQ(run.results[2].why, "because tests.bad failed");
  EXPECT_EQ(run.results[3].status, Status::Passed);
  EXPECT_EQ(exit_code(run.outcome, 0), 3);
  EXPECT_EQ(lab.evidence.at("tests.bad/a/output"), "two");
  EXPECT_EQ(lab.evidence.at("nodes.a/console"), "console of encamp.lab.a\n");
  EXPECT_EQ(lab.collected.at("tests.good/a/etc/seen"), "there is no such file\n");
  EXPECT_EQ(lab.collected.at("tests.good/b/etc/other"), "there is no such file\n");
}

TEST(SiteTests, RunOneByNameAndRefuseAnUnknownOne) {
  Deployed lab(kTests);
  lab.run_up();

  EXPECT_TRUE(lab.run_site_tests({"free"}).outcome.succeeded());
  EXPECT_THROW(lab.run_site_tests({"gone"}), Error);
}

TEST(SiteTests, AreSkippedWhenTheSiteIsNotWhole) {
  Deployed lab(kTests);
  lab.world.faults.fail("define_guest", Error(ErrorKind::NoRoom, "no memory"), 1,
                        Faults::When::Before);
  EXPECT_FALSE(lab.run_up().succeeded());

  const TestRun run = lab.run_site_tests();

  for (const TestResult& result : run.results)
    EXPECT_EQ(result.status, TestResult::Status::Skipped);
  EXPECT_TRUE(run.outcome.tests_failed);
}

}  // namespace
}  // namespace encamp::test
