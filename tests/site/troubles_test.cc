// What a person meets when something is in the way: another process, a host that does not answer,
// impatience. On real guests.
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/site/census.h"
#include "tests/site/program.h"

namespace encamp::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

class Trouble : public ::testing::Test {
 protected:
  ~Trouble() override {
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  /// hello whose service waits for a port that never opens, for so long.
  fs::path never_ready(const std::string& timeout) const {
    return program->write(
        "never.yaml",
        "encamp: 1\nsite: hello\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n"
        "nodes:\n  node:\n    memory: 256 MiB\n    disk: 512 MiB\n    software:\n"
        "      - package: [nginx-light, curl]\n"
        "      - {service: nginx, ready: {port: 81, timeout: " +
            timeout + "}}\n");
  }

  Result encamp(std::vector<std::string> arguments) const { return (*program)(arguments); }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "u-" + std::to_string(getpid());
};

TEST_F(Trouble, OfAServiceThatNeverGetsReadyLeavesItsJournal) {
  const fs::path report = program->state() / "report";

  const Result result = encamp({"test", never_ready("1 s"), "--report", report});

  EXPECT_EQ(result.exit, 1) << result.output;
  EXPECT_GT(fs::file_size(report / "nodes.node/journal/nginx"), 0U);
  EXPECT_GT(fs::file_size(report / "nodes.node/console"), 0U);
  EXPECT_THAT(result.output, HasSubstr("--keep on-failure"));
  EXPECT_TRUE(result.output.ends_with("evidence: " + report.native() + "\n")) << result.output;
}

TEST_F(Trouble, WithAnotherProcessIsSaidAndStatusNamesIt) {
  const pid_t other = program->start({"up", never_ready("60 s"), "--name", name, "--yes"});
  Result status;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  do
    status = encamp({"status", name});
  while (status.output.find("in use by 'encamp up") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline);

  const Result busy = encamp({"down", name, "--yes"});

  EXPECT_THAT(status.output, HasSubstr("process " + std::to_string(other)));
  EXPECT_EQ(busy.exit, 75) << busy.output;
  EXPECT_THAT(busy.output, HasSubstr("process " + std::to_string(other)));
  kill(other, SIGINT);
  EXPECT_EQ(Program::finish(other, 60s).exit, 130);
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Trouble, WithAHostThatDoesNotAnswerLeavesWhatIsThereForLater) {
  const fs::path hosts = program->write(
      "hosts.yaml", "here: {connect: [\"lxc+unix:///system?socket=/nonexistent/socket\"]}\n");
  ASSERT_EQ(encamp({"up", example("hello.yaml"), "--name", name, "--yes"}).exit, 0);

  const Result failed = encamp({"down", name, "--yes", "--hosts", hosts});

  EXPECT_EQ(failed.exit, 4) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("still there: nodes.node\n"));
  EXPECT_THAT(failed.output, HasSubstr("/nonexistent/socket"));
  EXPECT_THAT(failed.output, HasSubstr("next: encamp down " + name));
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Trouble, OfATestThatWasLeftAtOnceIsRemovedAsItSaid) {
  const pid_t process = program->start({"test", never_ready("60 s")});
  Result list;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  do
    list = encamp({"list"});
  while (list.output.find("unfinished   1 node") == std::string::npos &&
         std::chrono::steady_clock::now() < deadline);
  const std::string made = list.output.substr(0, list.output.find(' '));

  kill(process, SIGINT);
  std::this_thread::sleep_for(50ms);  // Two signals at once are one.
  kill(process, SIGINT);
  const Result left = Program::finish(process, 60s);

  EXPECT_EQ(left.exit, 130);
  EXPECT_THAT(left.output, HasSubstr("left at once; nothing is lost: encamp down " + made));
  EXPECT_EQ(encamp({"down", made, "--yes"}).exit, 0);
}

}  // namespace
}  // namespace encamp::test
