// Runs of `up` and `down` against a world in memory.
#include <future>

#include <gtest/gtest.h>

#include "tests/support/small_site.h"

namespace encamp::test {
namespace {

using Kind = Event::Kind;

TEST(Up, MakesEverythingAndDownTakesItAway) {
  SmallSite site;

  const Outcome made = site.run_up();

  EXPECT_TRUE(made.succeeded()) << made.summary();
  EXPECT_EQ(made.created, 8);
  EXPECT_EQ(site.world.here().objects(),
            (std::vector<std::string>{
                "guest encamp.lab.db", "guest encamp.lab.web", "network encamp.lab.lan",
                "pool encamp.lab", "volume encamp.lab/db.1.disk", "volume encamp.lab/web.1.disk"}));
  EXPECT_EQ(site.world.machine("10.1.0.2")->files.at("/etc/motd").content, "hi");
  EXPECT_EQ(site.record("nodes.web.software.hello")->attributes.at("output"), Value("hello\n"));
  for (const Record& record : site.journal.records())
    EXPECT_EQ(record.life, Life::Present) << record.address;

  const Outcome gone = site.run_down();

  EXPECT_TRUE(gone.succeeded()) << gone.summary();
  EXPECT_TRUE(site.world.here().objects().empty());
  EXPECT_TRUE(site.journal.is_closed());
  EXPECT_TRUE(site.world.here().misuse().empty());
}

TEST(Up, DoesNothingTheSecondTime) {
  SmallSite site;
  site.run_up();
  site.world.faults.revive();

  const Outcome again = site.run_up();

  EXPECT_EQ(again.summary(), "nothing to do");
  EXPECT_EQ(site.world.faults.log(), std::vector<std::string>{"commit"});
}

TEST(Up, CommitsRarely) {
  SmallSite site;

  site.run_up();

  // First rows; nodes; their end with the next rows: not three for each resource.
  EXPECT_LE(site.world.faults.calls("commit"), 10);
}

TEST(Up, SkipsWhatNeedsAFailedActionAndNothingElse) {
  SmallSite site;
  site.world.shell = [](FakeMachine& machine, const Command&) {
    const bool is_web = machine.files.contains("/web");
    return CommandResult{.exit = is_web ? 1 : 0, .errors = is_web ? "no such thing\n" : ""};
  };
  site.resource("nodes.web.software.motd").properties["path"] = "/web";

  const Outcome outcome = site.run_up();

  ASSERT_EQ(outcome.failures.size(), 1U);
  EXPECT_EQ(outcome.failures.front().address, "nodes.web.software.hello");
  EXPECT_EQ(site.record("nodes.web.software.hello")->life, Life::Intended);
  EXPECT_EQ(site.record("nodes.db.software.hello")->life, Life::Present);
  EXPECT_EQ(exit_code(outcome, 0), 1);
  EXPECT_NE(site.evidence.at("nodes.web.software.hello/error").find("no such thing"),
            std::string::npos);
  EXPECT_EQ(site.evidence.at("nodes.web/console"), "console of encamp.lab.web\n");
}

TEST(Up, NamesWhatWasSkipped) {
  SmallSite site;
  site.world.faults.fail("create_network", Error(ErrorKind::Failed, "no bridge"), 1,
                         Faults::When::Before);

  const Outcome outcome = site.run_up();

  EXPECT_EQ(outcome.failures.size(), 1U);
  EXPECT_EQ(outcome.skipped.size(), 6U);
  EXPECT_EQ(site.events.of(Kind::ActionSkipped).front().text, "because networks.lan failed");
  EXPECT_EQ(site.events.of(Kind::ActionFailed).front().text,
            "no bridge\n  while creating networks.lan");
}

TEST(Up, RunsACommandAgainThatFailedInTheLastRun) {
  SmallSite site;
  int runs = 0;
  site.world.shell = [&](FakeMachine& machine, const Command&) {
    return CommandResult{.exit = machine.files.contains("/web") && ++runs == 1 ? 1 : 0};
  };
  site.resource("nodes.web.software.motd").properties["path"] = "/web";

  EXPECT_FALSE(site.run_up().succeeded());
  EXPECT_TRUE(site.run_up().succeeded());

  EXPECT_EQ(runs, 2);
}

TEST(Up, TriesAsOftenAsTheResourceSays) {
  SmallSite site;
  int runs = 0;
  site.world.shell = [&](FakeMachine& machine, const Command&) {
    return CommandResult{.exit = machine.files.contains("/web") && ++runs < 3 ? 1 : 0};
  };
  site.resource("nodes.web.software.motd").properties["path"] = "/web";
  Resource& command = site.resource("nodes.web.software.hello");
  command.attempts = 3;
  command.backoff = std::chrono::seconds(5);
  const auto began = site.world.clock().now();

  EXPECT_TRUE(site.run_up().succeeded());

  EXPECT_EQ(runs, 3);
  EXPECT_EQ(site.world.clock().now() - began, std::chrono::seconds(10));
  EXPECT_EQ(site.events.of(Kind::ActionRetried).size(), 2U);
}

TEST(Up, ConnectsAgainWhenTheConnectionBrokeAndRunsNothingTwice) {
  SmallSite site;
  site.world.faults.fail("run", Error(ErrorKind::Unavailable, "connection reset"));

  EXPECT_TRUE(site.run_up().succeeded());

  for (const char* address : {"10.1.0.2", "10.1.0.3"})
    EXPECT_EQ(site.world.machine(address)->commands.size(), 1U);
  EXPECT_EQ(site.world.faults.calls("connect"), 3);
}

// That nobody came through to the node is no outcome of what was begun there.
TEST(Up, RunsNothingTwiceWhenTheNodeWasAwayForLong) {
  SmallSite site;
  site.world.faults.fail("run", Error(ErrorKind::Unavailable, "connection reset"));
  site.world.faults.fail("connect", Error(ErrorKind::Timeout, "port 22 was not reached"), 3);
  EXPECT_EQ(site.run_up().failures.size(), 1U);

  EXPECT_TRUE(site.run_up().succeeded());

  for (const char* address : {"10.1.0.2", "10.1.0.3"})
    EXPECT_EQ(site.world.machine(address)->commands.size(), 1U);
}

TEST(Up, UpdatesInPlaceAndReplacesWithANewGeneration) {
  SmallSite site;
  site.run_up();
  site.resource("nodes.web").properties["memory"] = Bytes::mebi(512);
  site.resource("nodes.db.software.motd").properties["path"] = "/etc/issue";

  const Outcome outcome = site.run_up();

  EXPECT_TRUE(outcome.succeeded()) << outcome.summary();
  EXPECT_EQ(outcome.updated, 1);
  EXPECT_EQ(site.record("nodes.db.software.motd")->generation, 2);
  const FakeMachine& db = *site.world.machine("10.1.0.3");
  EXPECT_FALSE(db.files.contains("/etc/motd"));
  EXPECT_TRUE(db.files.contains("/etc/issue"));
}

TEST(Up, NeverTouchesAForeignNetworkOfOurName) {
  SmallSite site;
  site.world.here().add_foreign_network("encamp.lab.lan");
  site.world.here().add_foreign_guest("encamp.lab.web");
  const std::vector<std::string> before = site.world.here().objects();

  const Outcome made = site.run_up();
  const Outcome gone = site.run_down();

  EXPECT_EQ(made.failures.front().error.kind(), ErrorKind::Conflict);
  EXPECT_TRUE(gone.succeeded()) << gone.summary();
  EXPECT_EQ(site.world.here().objects(), before);
}

TEST(Up, StopsWhenTheJournalCannotBeWritten) {
  SmallSite site;
  site.world.faults.fail("commit", Error(ErrorKind::NoRoom, "no space left"), 2,
                         Faults::When::Before);

  EXPECT_THROW(site.run_up(), Error);

  site.world.faults.revive();
  EXPECT_TRUE(site.run_down().succeeded());
  EXPECT_TRUE(site.world.here().objects().empty());
}

TEST(Up, StartsNothingMoreOnceInterrupted) {
  SmallSite site;
  site.world.shell = [&](FakeMachine&, const Command&) {
    site.stop.request_stop();
    return CommandResult{};
  };

  const Outcome outcome = site.in_process([&](Environment& environment) {
    environment.bounds = {.in_all = 1};  // So that something is left to be done.
    return up(site.plan(), Deployment{.name = "lab", .id = SmallSite::kId}, environment);
  });

  EXPECT_TRUE(outcome.interrupted);
  EXPECT_EQ(exit_code(outcome, 2), 130);
  EXPECT_TRUE(site.run_down().interrupted);
  site.stop = {};
  EXPECT_TRUE(site.run_down().succeeded());
  EXPECT_TRUE(site.world.here().objects().empty());
}

// A call that does not end when it is asked to.
TEST(Up, GivesUpWhatDoesNotEndAndLeavesItsRowOpen) {
  SmallSite site;
  std::promise<void> go_on;
  std::shared_future<void> may_go_on = go_on.get_future().share();
  site.world.shell = [&](FakeMachine&, const Command&) {
    site.stop.request_stop();
    may_go_on.wait();
    return CommandResult{};
  };

  const Outcome outcome = site.in_process([&](Environment& environment) {
    environment.grace = std::chrono::milliseconds(1);
    const Outcome given_up =
        up(site.plan(), Deployment{.name = "lab", .id = SmallSite::kId}, environment);
    go_on.set_value();
    return given_up;
  });

  EXPECT_GT(outcome.abandoned, 0);
  EXPECT_EQ(site.record("nodes.web.software.hello")->life, Life::Intended);
  EXPECT_FALSE(site.journal.deployment()->last_run->ended);
  site.stop = {};
  EXPECT_TRUE(site.run_down().succeeded());
  EXPECT_TRUE(site.world.here().objects().empty());
}

TEST(Down, SaysWhatIsLeftWhenSomethingCannotBeRemoved) {
  SmallSite site;
  site.run_up();
  site.world.faults.fail("remove_volume", Error(ErrorKind::Denied, "not allowed"), 1,
                         Faults::When::Before);

  const Outcome outcome = site.run_down();

  EXPECT_EQ(exit_code(outcome, 0), 4);
  EXPECT_FALSE(outcome.left.empty());
  EXPECT_FALSE(site.journal.is_closed());
  EXPECT_TRUE(site.run_down().succeeded());
  EXPECT_TRUE(site.world.here().objects().empty());
}

TEST(Down, WaitsForLateEffectsOnlyAfterAnUncleanEnd) {
  SmallSite clean;
  clean.run_up();
  const auto began = clean.world.clock().now();
  clean.run_down();
  EXPECT_EQ(clean.world.clock().now(), began);

  SmallSite killed;
  killed.world.faults.kill_at(10, Faults::When::After);
  EXPECT_THROW(killed.run_up(), Killed);
  killed.world.faults.revive();
  const auto later = killed.world.clock().now();
  killed.run_down();
  EXPECT_EQ(killed.world.clock().now() - later, std::chrono::seconds(5));
}

// The process dies in every call in turn, before and after it took effect; then `down` leaves the
// host as it was, and `up` goes on to the end.
class KilledAnywhere : public testing::TestWithParam<Faults::When> {};

TEST_P(KilledAnywhere, DownEmptiesTheHost) {
  int killed = 0;
  for (int call = 1;; ++call) {
    SmallSite site;
    site.world.here().add_foreign_network("theirs");
    site.world.faults.kill_at(call, GetParam());
    try {
      site.run_up();
      site.run_down();
    } catch (const Killed&) {
      ++killed;
    }
    const bool died = site.world.faults.is_dead();
    site.world.faults.revive();

    const Outcome outcome = site.run_down();

    ASSERT_TRUE(outcome.succeeded()) << "killed in call " << call;
    ASSERT_EQ(site.world.here().objects(), std::vector<std::string>{"network theirs"})
        << "killed in call " << call;
    ASSERT_TRUE(site.journal.records().empty());
    ASSERT_TRUE(site.world.here().misuse().empty()) << site.world.here().misuse().front();
    if (!died)
      break;
  }
  EXPECT_GT(killed, 50);
}

TEST_P(KilledAnywhere, UpGoesOnToTheEnd) {
  for (int call = 1;; ++call) {
    SmallSite site;
    site.world.faults.kill_at(call, GetParam());
    try {
      site.run_up();
    } catch (const Killed&) {
    }
    const bool died = site.world.faults.is_dead();
    site.world.faults.revive();

    const Outcome outcome = site.run_up();

    ASSERT_TRUE(outcome.succeeded()) << "killed in call " << call << ": " << outcome.summary();
    for (const char* address : {"10.1.0.2", "10.1.0.3"})
      ASSERT_EQ(site.world.machine(address)->commands.size(), 1U) << "killed in call " << call;
    if (!died)
      break;
  }
}

INSTANTIATE_TEST_SUITE_P(BeforeAndAfter, KilledAnywhere,
                         testing::Values(Faults::When::Before, Faults::When::After));

}  // namespace
}  // namespace encamp::test
