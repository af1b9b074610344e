#include "src/sqlite_journal.h"

#include <fstream>
#include <functional>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/sqlite_database.h"
#include "src/sqlite_lock.h"
#include "src/sqlite_reservations.h"
#include "src/sqlite_secrets.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

class SqliteJournalTest : public testing::Test {
 protected:
  SqliteJournalTest() {
    std::string pattern = (fs::temp_directory_path() / "encamp-journal-XXXXXX").native();
    state_ = mkdtemp(pattern.data());
  }
  ~SqliteJournalTest() override { fs::remove_all(state_); }

  fs::path folder() const { return state_ / "lab"; }
  std::unique_ptr<Journal> open() {
    return open_journal(folder(), {.command = "up lab.yaml", .hosts_file = state_ / "hosts.db"});
  }

  fs::path state_;
};

using SqliteReservationsTest = SqliteJournalTest;

Record web(Life life) {
  return {.address = "nodes.web",
          .generation = 2,
          .component = "node",
          .life = life,
          .host = "here",
          .properties = {{"memory", Bytes::mebi(256)},
                         {"image", Reference{"images.debian"}},
                         {"networks", Value::Mapping{{"lan", Value::Mapping{}}}}},
          .attributes = {{"ssh_host_key", "ssh-ed25519 AAAA"}},
          .notes = {{"attempt", 3}},
          .claims = {{.kind = Claim::Kind::Volume, .name = "web.2.disk", .pool = "encamp.lab"},
                     {.kind = Claim::Kind::Guest, .name = "encamp.lab.web", .uuid = "u"}},
          .needs = {"networks.lan", "storage"},
          .took = std::chrono::milliseconds(730)};
}

Deployment lab() {
  Deployment deployment{.name = "lab",
                        .id = "11111111-1111-4111-8111-111111111111",
                        .site = "lab",
                        .domain = "lab.test",
                        .description = "/home/someone/lab.yaml"};
  Test test{.name = "page", .address = "tests.page", .nodes = {"nodes.web"}};
  test.command = {{"run", "curl -sf http://10.1.0.2/"}};
  test.expect.contains = {Value("hello")};
  deployment.tests = {test};
  deployment.outputs = {{"url", Value("http://10.1.0.2/"), {}}};
  deployment.last_run = Deployment::Run{.verb = "up"};
  return deployment;
}

Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return {ErrorKind::Failed, ""};
}

TEST_F(SqliteJournalTest, GivesBackWhatWasCommitted) {
  open()->commit({.put = {web(Life::Intended)}, .deployment = lab()});

  const auto journal = read_journal(folder());

  EXPECT_EQ(journal->records(), std::vector<Record>{web(Life::Intended)});
  EXPECT_EQ(to_json(*journal->deployment()), to_json(lab()));
  EXPECT_EQ(journal->deployment()->tests.front().expect.contains.front(), Value("hello"));
}

TEST_F(SqliteJournalTest, ReplacesTheRowOfAGenerationAndErasesWhatIsGone) {
  const auto journal = open();
  Record old = web(Life::Removed);
  old.generation = 1;
  journal->commit({.put = {old, web(Life::Intended)}});

  old.life = Life::Gone;
  journal->commit({.put = {web(Life::Present), old}});

  EXPECT_EQ(journal->records(), std::vector<Record>{web(Life::Present)});
}

TEST_F(SqliteJournalTest, IsReadWhileAWriterHoldsIt) {
  const auto writer = open();
  writer->commit({.put = {web(Life::Present)}});

  const auto reader = read_journal(folder());
  EXPECT_EQ(reader->records().size(), 1U);
  Record gone = web(Life::Gone);
  writer->commit({.put = {gone}});

  EXPECT_TRUE(reader->records().empty());
  EXPECT_EQ(error_of([&] { reader->commit({.put = {gone}}); }).kind(), ErrorKind::Conflict);
}

TEST_F(SqliteJournalTest, SaysWhoHoldsIt) {
  const auto first = open();

  const Error error = error_of([&] { open(); });

  EXPECT_EQ(error.kind(), ErrorKind::Busy);
  const std::string expected =
      "deployment 'lab' is in use by 'encamp up lab.yaml' (process " + std::to_string(getpid());
  EXPECT_EQ(std::string(error.what()).substr(0, expected.size()), expected);
}

TEST_F(SqliteJournalTest, KnowsItsHolderWithoutALock) {
  EXPECT_EQ(find_lock_holder(folder()), std::nullopt);
  {
    const auto writer = open();
    const std::optional<std::string> holder = find_lock_holder(folder());
    ASSERT_TRUE(holder);
    EXPECT_NE(holder->find("process " + std::to_string(getpid())), std::string::npos) << *holder;
  }
  EXPECT_EQ(find_lock_holder(folder()), std::nullopt);
}

TEST_F(SqliteJournalTest, RefusesAWriterThatWasOvertaken) {
  const auto journal = open();
  journal->commit({.deployment = lab()});
  Database(folder() / "journal.db", Database::Mode::Existing, "it")
      .execute("UPDATE deployment SET epoch = epoch + 1");

  EXPECT_EQ(error_of([&] { journal->commit({.put = {web(Life::Intended)}}); }).kind(),
            ErrorKind::Conflict);

  EXPECT_TRUE(journal->records().empty());
}

TEST_F(SqliteJournalTest, RefusesWhatANewerProgramWrote) {
  open();
  Database(folder() / "journal.db", Database::Mode::Existing, "it").set_schema_version(99);

  EXPECT_STREQ(error_of([&] { open(); }).what(),
               "the journal of 'lab' was written by a newer encamp (schema 99, this one knows 1)");
  EXPECT_EQ(error_of([&] { read_journal(folder()); }).kind(), ErrorKind::Conflict);
}

TEST_F(SqliteJournalTest, SaysSoWhenTheFileIsNoJournal) {
  fs::create_directories(folder());
  std::ofstream(folder() / "journal.db") << std::string(4096, 'x');

  EXPECT_NE(std::string(error_of([&] { open(); }).what()).find("damaged"), std::string::npos);
}

// The child commits pairs of rows without end and is killed in the middle of it; what it left is
// whole pairs, at least all that a reader had seen.
TEST_F(SqliteJournalTest, IsWholeAfterKill) {
  for (int round = 0; round < 3; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      const auto journal = open();
      Record one = web(Life::Present);
      Record other = web(Life::Present);
      other.address = "nodes.db";
      for (int i = 1;; ++i) {
        one.took = other.took = std::chrono::milliseconds(i);
        journal->commit({.put = {one, other}});
      }
    }
    ASSERT_GT(child, 0);
    Duration seen{0};
    while (seen.count() < 8) {
      if (!fs::exists(folder() / "journal.db"))
        continue;
      try {
        const auto records = read_journal(folder())->records();
        if (!records.empty())
          seen = records.front().took;
      } catch (const Error&) {  // Not all of it is there yet.
      }
    }
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);

    const auto records = open()->records();

    ASSERT_EQ(records.size(), 2U);
    EXPECT_EQ(records[0].took, records[1].took);
    EXPECT_GE(records[0].took, seen);
    fs::remove_all(folder());
  }
}

class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

TEST_F(SqliteJournalTest, NamesTheDirectoryWhenThereIsNoRoomAndKeepsWhatItHad) {
  const auto journal = open();
  journal->commit({.put = {web(Life::Present)}});
  Record large = web(Life::Intended);
  large.notes["text"] = std::string(1 << 20, 'x');

  {
    const FileSizeLimit limit(64 << 10);
    const Error error = error_of([&] { journal->commit({.put = {large}}); });
    EXPECT_EQ(error.kind(), ErrorKind::NoRoom) << error.what();
    EXPECT_EQ(error.what(), "cannot write the journal of 'lab' in '" + folder().native() +
                                "': a quota or a limit on the size of files");
    EXPECT_EQ(error.hint(), "df -h " + folder().native());
    const Error secret = error_of([&] { journal->keep_secret("s", std::string(1 << 20, 'x')); });
    EXPECT_EQ(secret.kind(), ErrorKind::NoRoom);
  }

  EXPECT_EQ(journal->records(), std::vector<Record>{web(Life::Present)});
  EXPECT_FALSE(journal->find_secret("s"));
  journal->commit({.put = {large}});
}

TEST_F(SqliteJournalTest, SaysSoWhenTheDiskIsFull) {
  Database database(state_ / "small.db", Database::Mode::Create, "it");
  database.execute("CREATE TABLE t (text TEXT)");
  database.execute("PRAGMA max_page_count=8");  // To SQLite the same as ENOSPC.

  const Error error = error_of([&] {
    Statement(database, "INSERT INTO t VALUES (?)").bind(std::string(1 << 20, 'x')).run();
  });

  EXPECT_EQ(error.kind(), ErrorKind::NoRoom);
  EXPECT_EQ(error.what(), "cannot write it in '" + state_.native() + "': no space left");
}

TEST_F(SqliteJournalTest, NamesTheDirectoryThatCannotBeMade) {
  std::ofstream(state_ / "lab") << "a file";

  const Error error = error_of([&] { open(); });

  EXPECT_NE(std::string(error.what()).find(folder().native()), std::string::npos) << error.what();
}

TEST_F(SqliteJournalTest, KeepsSecretsForItsOwnerOnly) {
  const auto journal = open();
  const std::string name = "nodes.web['a/../b']";

  journal->keep_secret(name, std::string("one\0two", 7));

  EXPECT_EQ(journal->find_secret(name), std::string("one\0two", 7));
  EXPECT_FALSE(journal->find_secret("other"));
  struct stat file {};
  const fs::path path = SecretFiles(folder() / "secrets").path_of(name);
  ASSERT_EQ(stat(path.c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777U, 0600U);
  EXPECT_EQ(path.parent_path(), folder() / "secrets");
}

TEST_F(SqliteJournalTest, LeavesNothingWhenItCloses) {
  const auto journal = open();
  const auto reservations = open_reservations(state_ / "hosts.db");
  reservations->put({.deployment = lab().id, .name = "lab", .host = "here"});
  journal->commit({.put = {web(Life::Present)}, .deployment = lab()});
  journal->keep_secret("ssh", "key");
  EXPECT_EQ(error_of([&] { journal->close({}); }).kind(), ErrorKind::Conflict);
  ASSERT_EQ(journal->records().size(), 1U);

  journal->close({.put = {web(Life::Gone)}});

  EXPECT_FALSE(fs::exists(folder()));
  EXPECT_TRUE(reservations->list().empty());
  EXPECT_TRUE(open()->records().empty()) << "the name is free";
}

TEST_F(SqliteReservationsTest, NeverPromisesASubnetTwice) {
  const auto reservations = open_reservations(state_ / "hosts.db");
  const Reservation lab{"1", "lab", "here", {"10.64.0.0/24"}, Bytes::gibi(1), Bytes::gibi(4)};
  reservations->put(lab);
  Reservation other{"2", "other", "here", {"10.64.0.128/25"}, {}, {}};

  EXPECT_EQ(error_of([&] { reservations->put(other); }).kind(), ErrorKind::Conflict);
  EXPECT_EQ(open_reservations(state_ / "hosts.db")->list(), std::vector<Reservation>{lab});
  other.host = "elsewhere";
  reservations->put(other);
  reservations->put(lab);

  EXPECT_EQ(reservations->list().size(), 2U);
}

// Two processes that both saw an empty host: each one's admission sees what the other took.
TEST_F(SqliteReservationsTest, AdmitInsideTheTransactionThatSetsAside) {
  constexpr int kProcesses = 8;
  open_reservations(state_ / "hosts.db");
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      int code = 0;
      try {
        const std::string id = std::to_string(i);
        open_reservations(state_ / "hosts.db")
            ->put({id, "lab" + id, "here", {}, Bytes::mebi(200), {}},
                  [](const std::vector<Reservation>& all) {
                    if (all.size() >= 3)
                      throw Error(ErrorKind::NoRoom, "there is no room");
                  });
      } catch (const Error& error) {
        code = error.kind() == ErrorKind::NoRoom ? 1 : 2;
      }
      std::_Exit(code);
    }
    children.push_back(child);
  }
  int refused = 0;
  for (const pid_t child : children) {
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_NE(WEXITSTATUS(status), 2);
    refused += WEXITSTATUS(status) == 1 ? 1 : 0;
  }

  EXPECT_EQ(refused, kProcesses - 3);
  EXPECT_EQ(open_reservations(state_ / "hosts.db")->list().size(), 3U);
}

}  // namespace
}  // namespace encamp
