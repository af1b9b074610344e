#include "src/standing.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/error.h"
#include "src/event_log.h"
#include "src/local_clock.h"
#include "src/private_folder.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

Record row(const Address& address, const std::string& component, Life life) {
  return {.address = address, .component = component, .life = life};
}

Deployment after_run(bool ended, bool succeeded) {
  Deployment deployment{.name = "hello"};
  deployment.last_run = Deployment::Run{.verb = "up", .succeeded = succeeded};
  if (ended)
    deployment.last_run->ended = Clock::WallTime();
  return deployment;
}

TEST(Standing, IsUpWhenAllIsPresentAndTheLastRunSucceeded) {
  const std::vector<Record> records = {row("networks.lan", "network", Life::Present),
                                       row("nodes.a", "node", Life::Present)};

  const Standing standing = standing_of(after_run(true, true), records);

  EXPECT_EQ(standing.word, "up");
  EXPECT_EQ(standing.nodes, 1);
  EXPECT_EQ(standing.resources, 2);
  EXPECT_EQ(standing_of(after_run(true, false), records).word, "incomplete");
  EXPECT_EQ(standing_of(after_run(false, false), records).word, "unfinished");
}

TEST(Standing, IsIncompleteWhileAnythingIsNotPresent) {
  EXPECT_EQ(standing_of(after_run(true, true), {row("nodes.a", "node", Life::Intended)}).word,
            "incomplete");
  EXPECT_EQ(standing_of(after_run(true, true), {row("nodes.a", "node", Life::Removing)}).word,
            "removing");
  EXPECT_EQ(standing_of(std::nullopt, {}).word, "incomplete");
}

TEST(FindNode, TakesTheNameOrTheAddress) {
  const std::vector<Record> records = {row("networks.a", "network", Life::Present),
                                       row("nodes.a", "node", Life::Present),
                                       row("nodes.b", "node", Life::Present)};

  EXPECT_EQ(find_node(records, "hello", "b").address, "nodes.b");
  EXPECT_EQ(find_node(records, "hello", "nodes.a").address, "nodes.a");
  try {
    find_node(records, "hello", "c");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "'hello' has no node 'c'; there are: a, b");
    EXPECT_NE(error.hint(), "");
  }
}

TEST(PrivateFolder, IsReadByNobodyElseAndGoes) {
  std::string path;
  {
    const PrivateFolder folder;
    path = folder.write("key", "secret");
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600U);
    ASSERT_EQ(::stat(fs::path(path).parent_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U);
    EXPECT_THROW(folder.write("key", "again"), Error);
  }
  EXPECT_FALSE(fs::exists(fs::path(path).parent_path()));
}

TEST(RequireProgram, NamesThePackage) {
  EXPECT_NO_THROW(require_program("sh", "dash"));
  try {
    require_program("encamp-no-such-program", "some-package");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.hint(), "apt-get install some-package");
  }
}

class Collected : public Events {
 public:
  void on(const Event& event) override { texts.push_back(event.text); }
  std::vector<std::string> texts;
};

TEST(EventLog, KeepsWhatItPassesOn) {
  std::string name = (fs::temp_directory_path() / "encamp-log-XXXXXX").native();
  const fs::path folder = mkdtemp(name.data());
  const fs::path file = folder / "log/up.log";
  Collected collected;
  LocalClock clock;

  {
    EventLog log(file, collected, clock);
    log.on({.kind = Event::Kind::Note, .text = "one\ntwo"});
  }
  std::ofstream(file, std::ios::app) << "2026-11-26T14:13:44Z {\"event\":\"no";  // It died here.

  const std::vector<LoggedEvent> logged = read_log(file);
  EXPECT_EQ(collected.texts, std::vector<std::string>{"one\ntwo"});
  ASSERT_EQ(logged.size(), 1U);
  EXPECT_EQ(logged[0].event.text, "one\ntwo");
  EXPECT_EQ(logged[0].time.size(), std::string("2026-11-26T14:13:44Z").size());
  fs::remove_all(folder);
}

TEST(EventLog, StopsNothingWhenItCannotBeWritten) {
  Collected collected;
  LocalClock clock;
  EventLog log("/proc/none/log", collected, clock);

  log.on({.kind = Event::Kind::Note, .text = "one"});

  EXPECT_EQ(collected.texts.size(), 1U);
}

}  // namespace
}  // namespace encamp
