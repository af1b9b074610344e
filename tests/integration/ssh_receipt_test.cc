// run(receipt, command): at most once per receipt, whatever breaks on the way.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/ssh_guest.h"
#include "tests/integration/loopback_sshd.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SshReceiptTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server = std::make_unique<test::LoopbackSshd>(); }
  static void TearDownTestSuite() { server.reset(); }

  void SetUp() override { guest = connect(); }

  static std::unique_ptr<Guest> connect(std::stop_token stop = {}) {
    return connect_guest(server->login(), std::chrono::steady_clock::now() + seconds(20),
                         std::move(stop), server->state());
  }

  /// Adds a line to `file` whenever it is run.
  static std::string count_in(const std::string& file) {
    return "echo ran >>" + (server->directory() / file).string() + "\n";
  }

  static long runs(const std::string& file) {
    std::ifstream in(server->directory() / file);
    return std::count(std::istreambuf_iterator<char>(in), {}, '\n');
  }

  /// Until `file` is there; false when it never comes.
  static bool comes(const std::string& file) {
    for (int i = 0; i < 1000 && !std::filesystem::exists(server->directory() / file); ++i)
      std::this_thread::sleep_for(milliseconds(5));
    return std::filesystem::exists(server->directory() / file);
  }

  static std::unique_ptr<test::LoopbackSshd> server;
  std::unique_ptr<Guest> guest;
};

std::unique_ptr<test::LoopbackSshd> SshReceiptTest::server;

TEST_F(SshReceiptTest, RunsOnceAndRemembers) {
  const Command command{.text = count_in("once") + "cat; echo err >&2; exit 3", .input = "in"};

  const CommandResult first = guest->run({"once"}, command);
  const CommandResult second = connect()->run({"once"}, command);

  EXPECT_EQ(runs("once"), 1);
  EXPECT_EQ(first.exit, 3);
  EXPECT_EQ(first.output, "in");
  EXPECT_EQ(second.exit, 3);
  EXPECT_EQ(second.output, "in");
  EXPECT_EQ(second.errors, "err\n");
}

TEST_F(SshReceiptTest, AnotherReceiptIsAnotherRun) {
  guest->run({"first"}, {.text = count_in("twice")});
  guest->run({"second"}, {.text = count_in("twice")});

  EXPECT_EQ(runs("twice"), 2);
}

TEST_F(SshReceiptTest, SurvivesABrokenConnection) {
  const std::string go = server->directory() / "go";
  std::jthread breaker([&] {
    ASSERT_TRUE(comes("broken"));
    server->drop_connections();
    std::ofstream(go) << "go";
  });

  const CommandResult result =
      guest->run({"broken"}, {.text = count_in("broken") + "while [ ! -e " + go +
                                      " ]; do sleep 0.05; done\n"
                                      "sleep 0.3; echo survived"});

  EXPECT_EQ(result.output, "survived\n");
  EXPECT_EQ(runs("broken"), 1);
}

TEST_F(SshReceiptTest, GoesOnWhenTheCallerLeaves) {
  std::stop_source stop;
  std::unique_ptr<Guest> leaving = connect(stop.get_token());
  std::jthread interrupter([&] {
    ASSERT_TRUE(comes("left"));
    stop.request_stop();
  });
  const Command command{.text = count_in("left") + "sleep 0.5; echo done"};

  EXPECT_THROW(leaving->run({"left"}, command), Error);
  leaving.reset();
  const CommandResult result = guest->run({"left"}, command);

  EXPECT_EQ(result.output, "done\n");
  EXPECT_EQ(runs("left"), 1);
}

TEST_F(SshReceiptTest, TwoCallersShareOneRun) {
  CommandResult other;
  const Command command{.text = count_in("shared") + "sleep 0.3; echo $$"};
  std::jthread second([&] { other = connect()->run({"shared"}, command); });

  const CommandResult mine = guest->run({"shared"}, command);
  second.join();

  EXPECT_EQ(mine.output, other.output);
  EXPECT_EQ(runs("shared"), 1);
}

TEST_F(SshReceiptTest, KillsAtTheTimeoutAndRemembersIt) {
  const Command command{.text = "echo begun; sleep 100 & sleep 100", .timeout = milliseconds(300)};

  EXPECT_TRUE(guest->run({"slow"}, command).timed_out);
  const CommandResult again = guest->run({"slow"}, command);

  EXPECT_TRUE(again.timed_out);
  EXPECT_EQ(again.output, "begun\n");
}

TEST_F(SshReceiptTest, SaysThatTheOutcomeIsLost) {
  // The watcher dies with the command, as when the node loses its power.
  const Command command{.text = count_in("lost") + "kill -9 $PPID; sleep 0.1"};

  try {
    guest->run({"lost"}, command);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unknown) << error.what();
  }
  EXPECT_THROW(guest->run({"lost"}, command), Error);
  EXPECT_EQ(runs("lost"), 1);
}

TEST_F(SshReceiptTest, RefusesBeforeItClaims) {
  EXPECT_THROW(guest->run({"early"}, {.text = "true", .user = "no-one"}), Error);

  EXPECT_EQ(guest->run({"early"}, {.text = "echo run"}).output, "run\n");
}

TEST_F(SshReceiptTest, KeepsNoTextsAndInputsThatAreDone) {
  guest->run({"secret"}, {.text = "cat >/dev/null", .input = "password"});
  guest->run({"secret"}, {.text = ""});  // Attaches, so the watcher has ended.

  const std::filesystem::path receipt =
      std::filesystem::path(server->state()) / "receipts" / "secret";
  EXPECT_TRUE(std::filesystem::exists(receipt / "status"));
  EXPECT_FALSE(std::filesystem::exists(receipt / "input"));
  EXPECT_FALSE(std::filesystem::exists(receipt / "command"));
}

TEST_F(SshReceiptTest, RefusesAReceiptThatIsAPath) {
  EXPECT_THROW(guest->run({"../x"}, {.text = "true"}), Error);
}

}  // namespace
}  // namespace encamp
