// What every Guest does with files and commands: the fake, and a real one on this machine's
// loopback. The fake knows no users and runs nothing, so its shell answers.
#include <functional>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/ssh_guest.h"
#include "tests/integration/loopback_sshd.h"
#include "tests/support/fake_guest.h"

namespace encamp {
namespace {

enum class Kind { Fake, Ssh };

class GuestContract : public testing::TestWithParam<Kind> {
 protected:
  GuestContract() {
    if (GetParam() == Kind::Fake) {
      directory_ = "/test";
      guest_ = std::make_unique<test::FakeGuest>(machine_, shell_, unknown_, faults_);
    } else {
      server_ = std::make_unique<test::LoopbackSshd>();
      directory_ = server_->directory();
      guest_ = connect_guest(server_->login(),
                             std::chrono::steady_clock::now() + std::chrono::seconds(20), {},
                             server_->state());
    }
  }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  static std::optional<ErrorKind> kind_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.kind();
    }
    return std::nullopt;
  }

  test::FakeMachine machine_;
  int counted_ = 0;
  test::FakeShell shell_ = [this](test::FakeMachine&, const Command&) {
    return CommandResult{.exit = 3, .output = std::to_string(++counted_) + "\n"};
  };
  std::set<std::string> unknown_;
  test::Faults faults_;
  std::unique_ptr<test::LoopbackSshd> server_;
  std::string directory_;
  std::unique_ptr<Guest> guest_;
};

TEST_P(GuestContract, KnowsAFileAsItWasWritten) {
  guest_->write_file({.path = path("abc"), .content = "abc", .owner = "games", .mode = 0604});

  const std::optional<FileState> state = guest_->find_file(path("abc"));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->kind, FileKind::Regular);
  EXPECT_EQ(state->owner, "games");
  EXPECT_EQ(state->group, "games");
  EXPECT_EQ(state->mode, 0604);
  EXPECT_EQ(state->digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(guest_->read_file(path("abc"), 2), "ab");
}

TEST_P(GuestContract, AnswersManyQuestionsAtOnceAsOneByOne) {
  guest_->write_file({.path = path("abc"), .content = "abc", .owner = "games", .mode = 0604});
  guest_->write_file({.path = path("a\nb c"), .content = "other"});
  guest_->write_file({.path = path("link"), .kind = FileKind::Link, .content = "abc"});
  guest_->write_file({.path = path("dir"), .kind = FileKind::Directory, .mode = 0711});
  const std::set<std::string> paths{path("abc"), path("a\nb c"), path("link"), path("dir"),
                                    path("gone")};

  const Answers answers = guest_->answer({.files = paths});

  ASSERT_EQ(answers.files.size(), paths.size());
  for (const std::string& name : paths) {
    const std::optional<FileState> one = guest_->find_file(name);
    const std::optional<FileState>& many = answers.files.at(name);
    ASSERT_EQ(one.has_value(), many.has_value()) << name;
    if (!one)
      continue;
    EXPECT_EQ(many->kind, one->kind) << name;
    EXPECT_EQ(many->owner, one->owner) << name;
    EXPECT_EQ(many->mode, one->mode) << name;
    EXPECT_EQ(many->digest, one->digest) << name;
    EXPECT_EQ(many->target, one->target) << name;
  }
  EXPECT_TRUE(guest_->answer({}).files.empty());
}

TEST_P(GuestContract, ForgivesRemovingWhatIsGoneAndNothingElse) {
  EXPECT_FALSE(guest_->find_file(path("gone")));
  EXPECT_EQ(kind_of([&] { guest_->remove_file(path("gone")); }), std::nullopt);
  EXPECT_EQ(kind_of([&] { guest_->read_file(path("gone"), 1); }), ErrorKind::NotFound);
  EXPECT_EQ(kind_of([&] { guest_->rename_file(path("gone"), path("x")); }), ErrorKind::NotFound);
  EXPECT_EQ(kind_of([&] { guest_->copy_file(path("gone"), path("x")); }), ErrorKind::NotFound);
}

TEST_P(GuestContract, RenamesAndCopiesOverWhatIsThere) {
  guest_->write_file({.path = path("a"), .content = "a", .mode = 0600});
  guest_->write_file({.path = path("b"), .content = "b"});
  guest_->write_file({.path = path("c"), .content = "c"});

  guest_->copy_file(path("a"), path("b"));
  guest_->rename_file(path("a"), path("c"));

  EXPECT_FALSE(guest_->find_file(path("a")));
  EXPECT_EQ(guest_->read_file(path("b"), 9), "a");
  EXPECT_EQ(guest_->find_file(path("b"))->mode, 0600);
  EXPECT_EQ(guest_->read_file(path("c"), 9), "a");
}

TEST_P(GuestContract, KnowsALinkByItsTarget) {
  guest_->write_file({.path = path("link"), .kind = FileKind::Link, .content = "some where"});

  const std::optional<FileState> state = guest_->find_file(path("link"));
  ASSERT_TRUE(state);
  EXPECT_EQ(state->kind, FileKind::Link);
  EXPECT_EQ(state->target, "some where");
}

TEST_P(GuestContract, RunsOncePerReceiptAndProbesEachTime) {
  const std::string counter = path("counter");
  const Command count{.text = "echo x >>" + counter + "\nwc -l <" + counter + "\nexit 3"};

  const CommandResult first = guest_->run({"one"}, count);
  const CommandResult again = guest_->run({"one"}, count);
  const CommandResult other = guest_->run({"two"}, count);
  const CommandResult probe = guest_->probe(count);

  EXPECT_EQ(first.exit, 3);
  EXPECT_EQ(first.output, "1\n");
  EXPECT_EQ(again.exit, 3);
  EXPECT_EQ(again.output, "1\n");
  EXPECT_EQ(other.output, "2\n");
  EXPECT_EQ(probe.output, "3\n");
}

INSTANTIATE_TEST_SUITE_P(Guests, GuestContract, testing::Values(Kind::Fake, Kind::Ssh),
                         [](const auto& each) {
                           return each.param == Kind::Fake ? "Fake" : "Ssh";
                         });

}  // namespace
}  // namespace encamp
