// What every Journal does: the one in memory, which most tests use, and the one on disk.
#include <cstdlib>
#include <filesystem>
#include <functional>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/sqlite_journal.h"
#include "tests/support/memory_journal.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

enum class JournalKind { Memory, Disk };

class JournalContract : public testing::TestWithParam<JournalKind> {
 protected:
  JournalContract() {
    std::string pattern = (fs::temp_directory_path() / "encamp-contract-XXXXXX").native();
    state_ = mkdtemp(pattern.data());
    if (GetParam() == JournalKind::Memory)
      journal_ = std::make_unique<test::MemoryJournal>(faults_);
    else
      journal_ = open_journal(state_ / "lab", {.command = "up"});
  }
  ~JournalContract() override { fs::remove_all(state_); }

  static Record row(const std::string& name, Life life, int generation = 1) {
    return {
        .address = "nodes." + name, .generation = generation, .component = "node", .life = life};
  }

  static std::optional<ErrorKind> kind_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.kind();
    }
    return std::nullopt;
  }

  test::Faults faults_;
  fs::path state_;
  std::unique_ptr<Journal> journal_;
};

TEST_P(JournalContract, KnowsNothingBeforeTheFirstCommit) {
  EXPECT_FALSE(journal_->deployment());
  EXPECT_TRUE(journal_->records().empty());
  EXPECT_FALSE(journal_->find_secret("key"));
}

TEST_P(JournalContract, ListsRowsByAddressAndGenerationAndErasesWhatIsGone) {
  journal_->commit(
      {.put = {row("b", Life::Present, 2), row("a", Life::Intended), row("b", Life::Removed, 1)}});
  journal_->commit({.put = {row("b", Life::Gone, 1), row("c", Life::Gone)}});

  const std::vector<Record> expected{row("a", Life::Intended), row("b", Life::Present, 2)};
  EXPECT_EQ(journal_->records(), expected);
}

TEST_P(JournalContract, ReplacesASecret) {
  const std::string name = "a/b '../%2f\n";
  journal_->keep_secret(name, "one");
  journal_->keep_secret(name, std::string("t\0wo", 4));

  EXPECT_EQ(journal_->find_secret(name), std::string("t\0wo", 4));
}

TEST_P(JournalContract, DoesNotCloseOverARow) {
  journal_->commit({.put = {row("a", Life::Present)}});

  EXPECT_EQ(kind_of([&] { journal_->close({.put = {row("b", Life::Gone)}}); }),
            ErrorKind::Conflict);

  EXPECT_EQ(journal_->records().size(), 1U);
}

TEST_P(JournalContract, ChangesNothingWhenItDoesNotClose) {
  journal_->commit({.put = {row("a", Life::Present), row("b", Life::Present)}});

  EXPECT_EQ(kind_of([&] { journal_->close({.put = {row("b", Life::Gone)}}); }),
            ErrorKind::Conflict);

  EXPECT_EQ(journal_->records().size(), 2U);
}

TEST_P(JournalContract, TakesNothingOnceItIsClosedAndClosesTwice) {
  journal_->commit({.put = {row("a", Life::Removed)}});
  journal_->close({.put = {row("a", Life::Gone)}});

  EXPECT_EQ(kind_of([&] { journal_->close({}); }), std::nullopt);
  EXPECT_EQ(kind_of([&] { journal_->commit({.put = {row("a", Life::Intended)}}); }),
            ErrorKind::Conflict);
  EXPECT_EQ(kind_of([&] { journal_->keep_secret("key", "x"); }), ErrorKind::Conflict);
  EXPECT_TRUE(journal_->records().empty());
  EXPECT_FALSE(journal_->deployment());
}

INSTANTIATE_TEST_SUITE_P(Journals, JournalContract,
                         testing::Values(JournalKind::Memory, JournalKind::Disk),
                         [](const auto& each) {
                           return each.param == JournalKind::Memory ? "Memory" : "Disk";
                         });

}  // namespace
}  // namespace encamp
