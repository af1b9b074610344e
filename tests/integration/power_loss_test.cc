// The journal, its secrets and the reservations when the power goes: in every call that changes the
// disk, with every kind of remainder; and when calls fail. What is recorded is what the real code
// asks of the system (tests/support/disk_calls.h); what is left is opened by the real code.
#include <algorithm>
#include <cerrno>
#include <functional>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "engine/error.h"
#include "src/sqlite_database.h"
#include "src/sqlite_journal.h"
#include "src/sqlite_reservations.h"
#include "tests/support/disk_calls.h"
#include "tests/support/power_cut.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;
using test::DiskCall;
using test::DiskCalls;
using test::PowerCut;

/// What must be found; of a step that was acknowledged.
struct Known {
  bool open = false;  ///< The deployment is there.
  std::vector<Record> records;
  std::string facts;
  std::int64_t epoch = 0;
  std::map<std::string, std::string> secrets;
  std::vector<Reservation> reservations;
};

struct Step {
  std::size_t begin = 0;  ///< Calls recorded when it began,
  std::size_t end = 0;    ///< and when it was acknowledged.
  Known after;
};

fs::path folder_in(const fs::path& root) {
  return root / "state/deployments/lab";
}

fs::path hosts_in(const fs::path& root) {
  return root / "state/hosts.db";
}

Record record(const std::string& name, Life life, std::size_t size) {
  return {.address = "nodes." + name,
          .component = "node",
          .life = life,
          .host = "here",
          .properties = {{"text", std::string(size, name.back())}},
          .claims = {{.kind = Claim::Kind::Guest, .name = "encamp.lab." + name, .uuid = name}}};
}

Reservation reservation(const std::string& deployment, const std::string& subnet) {
  return {.deployment = deployment,
          .name = "lab",
          .host = "here",
          .subnets = {subnet},
          .memory = Bytes::mebi(1),
          .disk = Bytes::mebi(2)};
}

/// The life of a deployment, in steps that are each acknowledged or not.
class Workload {
 public:
  Workload(fs::path root, DiskCalls& calls) : root_(std::move(root)), calls_(calls) {}

  /// Each step may be repeated after it failed.
  std::vector<std::function<void()>> steps() {
    const auto many = [](Life life, int from, int to) {
      std::vector<Record> all;
      for (int i = from; i < to; ++i)
        all.push_back(record(fmt::format("n{}", i), life, static_cast<std::size_t>(i) * 150));
      return all;
    };
    return {
        [this] { open(); },
        [this] { keep_secret("key", "first"); },
        [this] { reserve("10.64.1.0/24"); },
        [this, many] { commit({.put = many(Life::Intended, 0, 3), .deployment = deployment()}); },
        [this, many] { commit({.put = many(Life::Present, 0, 2)}); },
        [this] { keep_secret("key", std::string(3000, 's')); },
        [this] { keep_secret("another", "x"); },
        [this, many] { commit({.put = many(Life::Intended, 3, 12)}); },
        [this, many] { commit({.put = many(Life::Gone, 0, 8)}); },
        [this] {
          journal_.reset();
          open();
        },
        [this] { reserve("10.64.2.0/24"); },
        [this, many] { commit({.put = many(Life::Present, 8, 20)}); },
        [this, many] { commit({.put = many(Life::Removing, 8, 14)}); },
        [this] { end(); },
    };
  }

  void run_all() {
    for (const std::function<void()>& step : steps())
      run(step);
  }

  void run(const std::function<void()>& step) { run(step, calls_.size()); }

  /// `begin`: where it was begun when this repeats it.
  void run(const std::function<void()>& step, std::size_t begin) {
    wanted_ = known_;
    step();
    known_ = wanted_;
    acknowledged_.push_back({begin, calls_.size(), known_});
  }

  const std::vector<Step>& acknowledged() const { return acknowledged_; }
  const Known& known() const { return known_; }
  const Known& wanted() const { return wanted_; }
  Journal* journal() { return journal_.get(); }
  /// The process ends.
  void abandon() { journal_.reset(); }

 private:
  static Deployment deployment() {
    return {.name = "lab",
            .id = "11111111-1111-4111-8111-111111111111",
            .site = "lab",
            .domain = "lab.test",
            .description = "/lab.yaml"};
  }

  void open() {
    wanted_.open = true;
    if (!journal_)
      journal_ = open_journal(folder_in(root_), {.command = "up", .hosts_file = hosts_in(root_)});
    wanted_.epoch = known_.epoch + 1;
  }

  void keep_secret(const std::string& name, const std::string& bytes) {
    wanted_.secrets[name] = bytes;
    journal_->keep_secret(name, bytes);
  }

  void reserve(const std::string& subnet) {
    wanted_.reservations = {reservation(deployment().id, subnet)};
    open_reservations(hosts_in(root_))->put(wanted_.reservations.front());
  }

  void commit(const Batch& batch) {
    for (const Record& each : batch.put) {
      std::erase_if(wanted_.records,
                    [&](const Record& other) { return other.address == each.address; });
      if (each.life != Life::Gone)
        wanted_.records.push_back(each);
    }
    std::ranges::sort(wanted_.records, {}, &Record::address);
    if (batch.deployment)
      wanted_.facts = to_json(*batch.deployment);
    journal_->commit(batch);
  }

  // As `down` does, which opens it again when closing failed.
  void end() {
    wanted_ = {};
    if (!journal_)
      journal_ = open_journal(folder_in(root_), {.command = "down", .hosts_file = hosts_in(root_)});
    Batch last{.put = journal_->records()};
    for (Record& each : last.put)
      each.life = Life::Gone;
    const std::unique_ptr<Journal> closing = std::move(journal_);
    closing->close(last);
  }

  const fs::path root_;
  DiskCalls& calls_;
  std::unique_ptr<Journal> journal_;
  Known known_;
  Known wanted_;  ///< Known, and what the running step wants.
  std::vector<Step> acknowledged_;
};

std::int64_t epoch_of(const fs::path& folder) {
  Database database(folder / "journal.db", Database::Mode::Existing, "the journal");
  Statement row(database, "SELECT epoch FROM deployment");
  return row.next() ? row.number(0) : -1;
}

/// What is wrong with what is left in `root`; empty: nothing. `before` was acknowledged, what
/// `after` has more was on its way. Opens it as the next process does.
std::string violation(const fs::path& root, const Known& before, const Known& after) {
  const fs::path folder = folder_in(root);
  if (fs::exists(root / "state") || !before.reservations.empty()) {
    const auto listed = open_reservations(hosts_in(root))->list();
    if (listed != before.reservations && listed != after.reservations)
      return "reservations are wrong";
  }
  if (!fs::exists(folder / "journal.db"))
    return before.open && after.open ? "the journal is lost" : "";
  if (!before.open && !after.open)
    return "the deployment is back";
  const std::unique_ptr<Journal> journal = open_journal(folder, {.command = "down"});
  const std::optional<Deployment> deployment = journal->deployment();
  const std::string facts = deployment ? to_json(*deployment) : "";
  const std::vector<Record> records = journal->records();
  if ((facts != before.facts || records != before.records) &&
      (facts != after.facts || records != after.records))
    return fmt::format("{} rows, facts '{}'", records.size(), facts);
  if (const std::int64_t epoch = epoch_of(folder); epoch <= before.epoch)
    return fmt::format("the epoch went from {} to {}", before.epoch, epoch);
  std::map<std::string, std::string> all = before.secrets;
  all.insert(after.secrets.begin(), after.secrets.end());
  for (const auto& [name, ignored] : all) {
    const auto in = [&](const Known& known) {
      const auto found = known.secrets.find(name);
      return found == known.secrets.end() ? std::nullopt : std::optional(found->second);
    };
    const std::optional<std::string> found = journal->find_secret(name);
    if (found != in(before) && found != in(after))
      return fmt::format("secret '{}' is {}", name, found ? "'" + *found + "'" : "lost");
  }
  return "";
}

struct Cuts {
  std::size_t count = 0;
  std::vector<std::string> violations;
};

class PowerLossTest : public testing::Test {
 protected:
  PowerLossTest() {
    const fs::path memory = "/dev/shm";
    std::string pattern =
        ((fs::exists(memory) ? memory : fs::temp_directory_path()) / "encamp-power-XXXXXX")
            .native();
    scratch_ = mkdtemp(pattern.data());
    fs::create_directory(disk());
    sqlite3_initialize();
    sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, 1, nullptr);  // Its journal's nonce.
  }
  ~PowerLossTest() override { fs::remove_all(scratch_); }

  fs::path disk() const { return scratch_ / "disk"; }

  /// Cuts after each call from the `from`th on, with `seeds` remainders each, until `enough`
  /// violations are found.
  Cuts cut(const std::vector<DiskCall>& calls, const std::vector<Step>& steps, std::size_t from,
           std::uint64_t seeds, std::size_t enough = SIZE_MAX) {
    Cuts cuts;
    PowerCut power(17);
    for (std::size_t i = 0; i <= calls.size() && cuts.violations.size() < enough; ++i) {
      if (i > 0)
        power.apply(calls[i - 1]);
      if (i < from)
        continue;
      const Known nothing;
      const Known* before = &nothing;
      const Known* after = &nothing;
      for (const Step& step : steps) {
        if (step.end <= i)
          before = after = &step.after;
        else if (step.begin < i)
          after = &step.after;
      }
      for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const fs::path left = scratch_ / "left";
        power.leave(seed < 2 ? seed : 1000 * i + seed, left);
        std::string wrong;
        try {
          wrong = violation(left, *before, *after);
        } catch (const Error& error) {
          wrong = error.what();
        }
        fs::remove_all(left);
        ++cuts.count;
        if (!wrong.empty())
          cuts.violations.push_back(fmt::format("after call {} ({}), seed {}: {}", i,
                                                i == 0 ? "none" : test::to_string(calls[i - 1]),
                                                seed, wrong));
      }
    }
    return cuts;
  }

  /// A whole life, with syncs ignored where `ignore` says so.
  Cuts cut_a_life(std::uint64_t seeds, std::size_t enough = SIZE_MAX,
                  std::function<bool(const std::string&)> ignore = {}) {
    DiskCalls calls(disk());
    calls.ignore_sync = std::move(ignore);
    Workload workload(disk(), calls);
    workload.run_all();
    return cut(calls.recorded(), workload.acknowledged(), 0, seeds, enough);
  }

  fs::path scratch_;
};

std::string first_of(const Cuts& cuts) {
  return fmt::format(
      "{} of {} cuts:\n{}", cuts.violations.size(), cuts.count,
      fmt::join(cuts.violations.begin(),
                cuts.violations.begin() + std::min<std::ptrdiff_t>(std::ssize(cuts.violations), 10),
                "\n"));
}

TEST_F(PowerLossTest, LosesNothingThatWasAcknowledgedAndKeepsNothingByHalves) {
  const Cuts cuts = cut_a_life(6);

  EXPECT_TRUE(cuts.violations.empty()) << first_of(cuts);
  EXPECT_GT(cuts.count, 2000U);
  RecordProperty("cuts", static_cast<int>(cuts.count));
}

TEST_F(PowerLossTest, LosesNothingAfterAProcessThatEndedInAnyCall) {
  std::size_t all = 0;
  for (std::size_t nth = 1;; ++nth) {
    fs::remove_all(disk());
    fs::create_directory(disk());
    DiskCalls calls(disk());
    Workload workload(disk(), calls);
    calls.die_at(nth);
    try {
      workload.run_all();
    } catch (const Error&) {
    }
    if (calls.failed() == 0)
      break;
    workload.abandon();
    calls.forgive();
    const Known before = workload.known();
    const Known after = workload.wanted();
    // The next process: it looks what is there, and goes on.
    const std::size_t begin = calls.size();
    const std::unique_ptr<Journal> journal =
        open_journal(folder_in(disk()), {.command = "up", .hosts_file = hosts_in(disk())});
    Known next{.open = true, .records = journal->records(), .epoch = epoch_of(folder_in(disk()))};
    EXPECT_TRUE(next.records == before.records || next.records == after.records) << nth;
    next.records.insert(next.records.begin(), record("a", Life::Intended, 10));
    Deployment deployment;
    deployment.name = "lab";
    journal->commit({.put = {next.records.front()}, .deployment = deployment});
    journal->keep_secret("late", "y");
    next.facts = to_json(deployment);
    next.secrets = {{"late", "y"}};
    next.reservations = {reservation("b", "10.64.3.0/24")};
    const auto reservations = open_reservations(hosts_in(disk()));
    for (const Reservation& each : reservations->list())
      reservations->remove(each.deployment);
    reservations->put(next.reservations.front());
    const std::size_t end = calls.size();

    const Cuts cuts = cut(calls.recorded(), {{begin, end, next}}, end, 3);

    all += cuts.count;
    ASSERT_TRUE(cuts.violations.empty()) << "ended in call " << nth << ": " << first_of(cuts);
  }
  EXPECT_GT(all, 500U);
  RecordProperty("cuts", static_cast<int>(all));
}

struct Forgetting {
  std::string name;
  std::string path;  ///< Of the file or directory whose syncs do nothing.
};

class PowerLossMutantTest : public PowerLossTest, public testing::WithParamInterface<Forgetting> {};

TEST_P(PowerLossMutantTest, IsSeen) {
  const Cuts cuts =
      cut_a_life(8, 1, [](const std::string& path) { return path == GetParam().path; });

  EXPECT_FALSE(cuts.violations.empty());
}

INSTANTIATE_TEST_SUITE_P(Syncs, PowerLossMutantTest,
                         testing::ValuesIn(std::vector<Forgetting>{
                             {"Journal", "state/deployments/lab/journal.db"},
                             {"RollbackJournal", "state/deployments/lab/journal.db-journal"},
                             {"Reservations", "state/hosts.db"},
                             {"Secret", "state/deployments/lab/secrets/key%new"},
                             {"NameOfTheSecret", "state/deployments/lab/secrets"},
                             {"NameOfTheJournal", "state/deployments/lab"},
                             {"NameOfTheDeployment", "state/deployments"},
                             {"NameOfTheDeployments", "state"},
                             {"NameOfTheState", ""}}),
                         [](const testing::TestParamInfo<Forgetting>& each) {
                           return each.param.name;
                         });

// The journal_mode that looks better: faster, and its readers wait for nobody.
TEST_F(PowerLossTest, WouldLoseCommitsOfAWriteAheadLogWithNormalSyncs) {
  DiskCalls calls(disk());
  std::vector<std::size_t> acknowledged;
  {
    Database database(disk() / "a.db", Database::Mode::Create, "it");
    database.execute("PRAGMA journal_mode=WAL");
    database.execute("PRAGMA synchronous=NORMAL");
    database.execute("CREATE TABLE number (n INTEGER)");
    for (int i = 0; i < 20; ++i) {
      database.execute("INSERT INTO number VALUES (1)");
      acknowledged.push_back(calls.size());
    }
  }
  PowerCut power;
  std::size_t lost = 0;
  for (std::size_t i = 0; i < acknowledged.back(); ++i) {
    power.apply(calls.recorded()[i]);
    power.leave(0, scratch_ / "left");
    const auto wanted =
        std::ranges::count_if(acknowledged, [&](std::size_t end) { return end <= i + 1; });
    try {
      Database left(scratch_ / "left/a.db", Database::Mode::Existing, "it");
      Statement count(left, "SELECT count(*) FROM number");
      count.next();
      lost += count.number(0) < wanted ? 1U : 0U;
    } catch (const Error&) {
      lost += wanted > 0 ? 1U : 0U;
    }
    fs::remove_all(scratch_ / "left");
  }

  EXPECT_GT(lost, 10U);
}

struct Failing {
  std::string name;
  int error = 0;
  ErrorKind kind = ErrorKind::Failed;
};

class DiskFaultTest : public PowerLossTest, public testing::WithParamInterface<Failing> {
 protected:
  /// The `nth` call fails, every other time with all after it until the step has ended. False when
  /// there are fewer calls.
  bool run(std::size_t nth) {
    fs::remove_all(disk());
    fs::create_directory(disk());
    DiskCalls calls(disk());
    Workload workload(disk(), calls);
    calls.fail(nth, GetParam().error, nth % 2 == 0 ? SIZE_MAX - nth : 1);
    std::optional<std::size_t> failed_at;
    std::string trace = fmt::format("call {} fails", nth);
    for (const std::function<void()>& step : workload.steps()) {
      const std::size_t begin = calls.size();
      try {
        workload.run(step);
        continue;
      } catch (const Error& error) {
        trace += fmt::format(" ({}): {}", test::to_string(calls.first_failed()), error.what());
        // SQLite often does not say why; then it is looked at, and may be over.
        const bool over = nth % 2 == 1 && error.kind() != ErrorKind::Denied;
        EXPECT_TRUE(
            error.kind() == GetParam().kind ||
            (over && (error.kind() == ErrorKind::Failed || error.kind() == ErrorKind::NoRoom)))
            << trace;
        EXPECT_TRUE(error.kind() != ErrorKind::NoRoom || !error.hint().empty()) << trace;
      }
      failed_at = calls.size();
      const bool by_sync = calls.first_failed().kind == DiskCall::Kind::Sync;
      calls.forgive();
      if (Journal* journal = workload.journal()) {
        const std::vector<Record> records = journal->records();
        const bool nothing = records == workload.known().records;
        EXPECT_TRUE(nothing || (by_sync && records == workload.wanted().records)) << trace;
      }
      workload.run(step, begin);  // There is space again.
    }
    const bool reached = calls.failed() > 0 || failed_at;
    const Cuts cuts =
        cut(calls.recorded(), workload.acknowledged(), failed_at ? calls.size() : SIZE_MAX, 3);
    EXPECT_TRUE(cuts.violations.empty()) << trace << "\n" << first_of(cuts);
    return reached;
  }
};

TEST_P(DiskFaultTest, IsSaidAndTheJournalGoesOnAfterwards) {
  std::size_t nth = 1;
  while (run(nth) && !HasFailure())
    ++nth;

  EXPECT_GT(nth, 300U);
  RecordProperty("runs", static_cast<int>(nth - 1));
}

INSTANTIATE_TEST_SUITE_P(Errors, DiskFaultTest,
                         testing::Values(Failing{"NoSpace", ENOSPC, ErrorKind::NoRoom},
                                         Failing{"InputOutput", EIO, ErrorKind::Failed}),
                         [](const testing::TestParamInfo<Failing>& each) {
                           return each.param.name;
                         });

}  // namespace
}  // namespace encamp
