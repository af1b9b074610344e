// What a guest does with files, ports and probes, through a real SSH server on this machine.
#include "src/ssh_guest.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/error.h"
#include "tests/integration/loopback_sshd.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SshGuestTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server = std::make_unique<test::LoopbackSshd>(); }
  static void TearDownTestSuite() { server.reset(); }

  void SetUp() override {
    guest = connect_guest(server->login(), std::chrono::steady_clock::now() + seconds(20), {},
                          server->state());
  }

  std::string path(const std::string& name) const { return server->directory() / name; }

  static std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path, std::ios::binary).rdbuf();
    return text.str();
  }

  template <typename Call>
  static Error error_of(const Call& call) {
    try {
      call();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error";
    return Error(ErrorKind::Failed, "no error");
  }

  static std::unique_ptr<test::LoopbackSshd> server;
  std::unique_ptr<Guest> guest;
};

std::unique_ptr<test::LoopbackSshd> SshGuestTest::server;

// Everything a shell could trip over; every byte a file can hold.
constexpr const char* kNasty = "a 'b' \"c\" $(touch x) `d` \\ ;|&*?\n-e é";

std::string every_byte() {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

TEST_F(SshGuestTest, WritesBytesAsTheyAre) {
  const std::string file = path(std::string("deep/er/") + kNasty);
  std::string bytes;
  for (int i = 0; i < 20'000; ++i)
    bytes += every_byte();

  guest->write_file({.path = file, .content = bytes, .mode = 0640});

  EXPECT_TRUE(content(file) == bytes);
  EXPECT_TRUE(guest->read_file(file, 10'000'000) == bytes);
  EXPECT_EQ(guest->read_file(file, 4), bytes.substr(0, 4));
  const std::optional<FileState> state = guest->find_file(file);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->kind, FileKind::Regular);
  EXPECT_EQ(state->mode, 0640);
  EXPECT_EQ(state->owner, "root");
  EXPECT_EQ(guest->find_file(path("deep"))->mode, 0755);
}

TEST_F(SshGuestTest, KnowsAFileByItsDigest) {
  guest->write_file({.path = path("abc"), .content = "abc"});

  EXPECT_EQ(guest->find_file(path("abc"))->digest,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(SshGuestTest, GivesAFileToItsOwnerAndHisGroup) {
  guest->write_file({.path = path("games"), .content = "x", .owner = "games"});
  guest->write_file({.path = path("tty"), .content = "x", .owner = "games", .group = "tty"});

  EXPECT_EQ(guest->find_file(path("games"))->group, "games");
  EXPECT_EQ(guest->find_file(path("tty"))->owner, "games");
  EXPECT_EQ(guest->find_file(path("tty"))->group, "tty");
}

TEST_F(SshGuestTest, LeavesTheOldFileWhenTheNewOneCannotBe) {
  guest->write_file({.path = path("kept"), .content = "old"});

  const Error error = error_of(
      [&] { guest->write_file({.path = path("kept"), .content = "new", .owner = "nobody-such"}); });

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_STREQ(error.what(), "there is no user 'nobody-such'");
  EXPECT_EQ(content(path("kept")), "old");
}

TEST_F(SshGuestTest, MakesLinksAndDirectories) {
  guest->write_file({.path = path("link"), .kind = FileKind::Link, .content = "old target"});
  guest->write_file({.path = path("link"), .kind = FileKind::Link, .content = "some where"});
  guest->write_file({.path = path("directory"), .kind = FileKind::Directory, .mode = 01777});
  guest->write_file({.path = path("directory"), .kind = FileKind::Directory, .mode = 0700});

  EXPECT_EQ(guest->find_file(path("link"))->kind, FileKind::Link);
  EXPECT_EQ(guest->find_file(path("link"))->target, "some where");
  EXPECT_EQ(guest->find_file(path("directory"))->kind, FileKind::Directory);
  EXPECT_EQ(guest->find_file(path("directory"))->mode, 0700);
}

TEST_F(SshGuestTest, RemovesAndForgives) {
  guest->write_file({.path = path("gone"), .content = "x"});

  guest->remove_file(path("gone"));
  guest->remove_file(path("gone"));

  EXPECT_FALSE(guest->find_file(path("gone")));
  EXPECT_EQ(error_of([&] { guest->read_file(path("gone"), 1); }).kind(), ErrorKind::NotFound);
}

TEST_F(SshGuestTest, CopiesWithOwnerAndModeAndMovesBack) {
  guest->write_file({.path = path("original"), .content = "o", .owner = "games", .mode = 0604});

  guest->copy_file(path("original"), path("safe/copy"));
  guest->write_file({.path = path("original"), .content = "changed"});
  guest->rename_file(path("safe/copy"), path("original"));

  EXPECT_EQ(content(path("original")), "o");
  EXPECT_EQ(guest->find_file(path("original"))->owner, "games");
  EXPECT_EQ(guest->find_file(path("original"))->mode, 0604);
  EXPECT_FALSE(guest->find_file(path("safe/copy")));
}

// A tar archive of the files `names`, each with its name as content, as text.
std::string archive_of(const std::string& folder, const std::string& names) {
  const std::string script =
      "cd '" + folder + "' && for f in " + names +
      "; do mkdir -p \"${f%/*}\" && echo \"$f\" >\"$f\"; done && tar -czf all.tgz " + names;
  EXPECT_EQ(std::system(script.c_str()), 0);
  std::ostringstream bytes;
  bytes << std::ifstream(folder + "/all.tgz", std::ios::binary).rdbuf();
  return bytes.str();
}

TEST_F(SshGuestTest, UnpacksAnArchiveAndTakesItAwayAgain) {
  const std::string made = path("made");
  std::filesystem::create_directory(made);
  const std::string first = archive_of(made, "top/a top/dir/b top/kept");
  const std::string second = archive_of(made, "top/a top/other/c");
  const std::string place = path("unpacked");
  guest->write_file({.path = place + "/kept", .content = "mine"});

  guest->unpack(place, first, 1);
  EXPECT_EQ(content(place + "/dir/b"), "top/dir/b\n");
  EXPECT_EQ(content(place + "/kept"), "top/kept\n");

  guest->unpack(place, second, 1);
  EXPECT_EQ(content(place + "/other/c"), "top/other/c\n");
  EXPECT_FALSE(std::filesystem::exists(place + "/dir"));

  guest->write_file({.path = place + "/other/mine", .content = "mine"});
  guest->remove_unpacked(place);
  guest->remove_unpacked(place);
  EXPECT_FALSE(std::filesystem::exists(place + "/a"));
  EXPECT_FALSE(std::filesystem::exists(place + "/other/c"));
  EXPECT_TRUE(std::filesystem::exists(place + "/other/mine"));
  EXPECT_TRUE(std::filesystem::exists(place + "/kept")) << "it was there before";
}

TEST_F(SshGuestTest, WritesATreeAndTakesItAwayAgain) {
  namespace fs = std::filesystem;
  const std::string place = path("tree");
  guest->write_file({.path = place + "/kept", .content = "mine"});
  guest->write_file({.path = place + "/there/mine", .content = "mine"});
  const TreeSpec tree{.path = place,
                      .mode = 0750,
                      .files = {{"dir", FileKind::Directory, "", 0},
                                {"dir/a\nb", FileKind::Regular, kNasty, 0755},
                                {"kept", FileKind::Regular, "ours", 0644},
                                {"link", FileKind::Link, "dir/none", 0},
                                {"there", FileKind::Directory, "", 0},
                                {"there/new", FileKind::Regular, "new", 0644}}};

  guest->write_tree(tree);
  guest->write_tree(tree);
  EXPECT_EQ(content(place + "/dir/a\nb"), kNasty);
  EXPECT_EQ(content(place + "/kept"), "ours");
  EXPECT_EQ(guest->find_file(place + "/dir/a\nb")->mode, 0755);
  EXPECT_EQ(guest->find_file(place + "/dir")->mode, 0750);
  EXPECT_EQ(guest->find_file(place + "/there")->mode, 0755) << "it was there before";
  EXPECT_EQ(guest->find_file(place + "/link")->target, "dir/none");

  // `dir` is a file, and `link` a directory; the rest goes.
  guest->write_tree(
      {.path = place,
       .files = {{"dir", FileKind::Regular, "x", 0644}, {"link", FileKind::Directory, "", 0}}});
  EXPECT_EQ(content(place + "/dir"), "x");
  EXPECT_TRUE(fs::is_directory(place + "/link"));
  EXPECT_EQ(content(place + "/kept"), "mine");
  EXPECT_FALSE(fs::exists(place + "/there/new"));

  guest->write_file({.path = place + "/link/theirs", .content = "theirs"});
  guest->remove_tree(place);
  guest->remove_tree(place);
  EXPECT_FALSE(fs::exists(place + "/dir"));
  EXPECT_TRUE(fs::exists(place + "/link/theirs"));
  EXPECT_EQ(content(place + "/there/mine"), "mine");
}

TEST_F(SshGuestTest, WritesNoFileInPlaceOfADirectory) {
  const std::string place = path("tree-2");
  guest->write_file({.path = place + "/a/b", .content = "mine"});

  const Error error = error_of([&] {
    guest->write_tree({.path = place, .files = {{"a", FileKind::Regular, "x", 0644}}});
  });

  EXPECT_EQ(error.what(), "'" + place + "/a' is a directory");
}

TEST_F(SshGuestTest, RemovesADirectoryThatAnArchiveMade) {
  const std::string made = path("made-2");
  std::filesystem::create_directory(made);
  const std::string place = path("new/place");

  guest->unpack(place, archive_of(made, "x/a"), 0);
  EXPECT_EQ(content(place + "/x/a"), "x/a\n");
  guest->remove_unpacked(place);

  EXPECT_FALSE(std::filesystem::exists(place));
}

TEST_F(SshGuestTest, SaysThatAnArchiveIsNone) {
  const Error error = error_of([&] { guest->unpack(path("none"), "not a tar", 0); });

  EXPECT_STREQ(error.what(), "cannot read the archive");
}

TEST_F(SshGuestTest, KnowsUsersAndGroups) {
  const std::optional<UserState> root = guest->find_user("root");

  ASSERT_TRUE(root);
  EXPECT_EQ(root->uid, 0);
  EXPECT_EQ(root->home, "/root");
  EXPECT_FALSE(guest->find_user("no-such-user"));
  EXPECT_EQ(guest->find_group("root"), 0);
  EXPECT_FALSE(guest->find_group("no-such-group"));
  EXPECT_NO_THROW(guest->remove_user("no-such-user"));
  EXPECT_NO_THROW(guest->remove_group("no-such-group"));
}

TEST_F(SshGuestTest, ProbesWithInputEnvironmentAndExit) {
  const CommandResult result =
      guest->probe({.text = "cat; echo \"$GREETING\"; echo bad >&2; exit 7",
                    .environment = {{"GREETING", kNasty}},
                    .input = "in\n"});

  EXPECT_EQ(result.exit, 7);
  EXPECT_EQ(result.output, std::string("in\n") + kNasty + "\n");
  EXPECT_EQ(result.errors, "bad\n");
  EXPECT_FALSE(result.timed_out);
}

TEST_F(SshGuestTest, StopsAtTheFirstCommandThatFails) {
  EXPECT_EQ(guest->probe({.text = "false\necho on"}).output, "");
  EXPECT_EQ(guest->probe({.text = "kill -TERM $$"}).exit, 128 + 15);
}

TEST_F(SshGuestTest, RunsWhatTheFirstLineNames) {
  const CommandResult result =
      guest->probe({.text = "#!/usr/bin/perl -w\nprint join(',', map { $_ * 2 } 1..3);"});

  EXPECT_EQ(result.output, "2,4,6") << result.errors;
}

TEST_F(SshGuestTest, RunsAsAUserInHisHome) {
  const CommandResult nobody = guest->probe({.text = "id -un; id -Gn; echo $HOME; cat",
                                             .user = "games",
                                             .directory = "/tmp",
                                             .input = "x"});
  const CommandResult root = guest->probe({.text = "pwd"});
  const CommandResult nowhere = guest->probe({.text = "pwd", .directory = path("no/where")});

  EXPECT_EQ(nobody.output, "games\ngames\n/usr/games\nx") << nobody.errors;
  EXPECT_EQ(root.output, "/root\n");
  EXPECT_EQ(nowhere.exit, 126);
  EXPECT_NE(nowhere.errors.find("cannot change to directory"), std::string::npos);
  EXPECT_EQ(error_of([&] { guest->probe({.text = "id", .user = "no-one"}); }).kind(),
            ErrorKind::NotFound);
}

TEST_F(SshGuestTest, KeepsTheEndsOfALongOutput) {
  const CommandResult result =
      guest->probe({.text = "echo first; head -c 3000000 /dev/zero | tr '\\0' x; echo; echo last"});

  EXPECT_LE(result.output.size(), 1U << 20);
  EXPECT_GE(result.output.size(), (1U << 20) - 100);
  EXPECT_TRUE(result.output.starts_with("first\nxxx"));
  EXPECT_TRUE(result.output.ends_with("xxx\nlast\n"));
  EXPECT_NE(result.output.find(" bytes left out ...]"), std::string::npos);
}

TEST_F(SshGuestTest, LeavesAnOutputThatFitsAlone) {
  const CommandResult result = guest->probe({.text = "head -c 1000000 /dev/zero | tr '\\0' x"});

  EXPECT_TRUE(result.output == std::string(1'000'000, 'x'));
}

TEST_F(SshGuestTest, DoesNotWaitForWhatACommandLeavesBehind) {
  const Clock::Instant begin = std::chrono::steady_clock::now();

  const CommandResult result = guest->probe({.text = "sleep 6 & echo started"});

  EXPECT_EQ(result.output, "started\n");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(5));
}

TEST_F(SshGuestTest, KillsTheWholeSessionAtTheTimeout) {
  const std::string sign = path("children");
  const CommandResult result = guest->probe(
      {.text = "(sleep 100; true) & (trap '' TERM; sleep 100; true) & echo $! >" + sign + "; wait",
       .timeout = milliseconds(300)});

  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit, 128 + 9);
  // Dead, though perhaps nobody has taken note of it yet.
  const CommandResult state = guest->probe(
      {.text = "sed -n 's/^State:.//p' /proc/$(cat " + sign + ")/status 2>&1 || true"});
  EXPECT_TRUE(state.output.starts_with("Z") || state.output.find("No such") != std::string::npos)
      << state.output;
}

TEST_F(SshGuestTest, SeesPortsAndPages) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::listen(listener, 5), 0);
  const int port = test::port_of(listener);
  std::jthread pages([&] {
    const int peer = ::accept(listener, nullptr, nullptr);
    char request[1000];
    [[maybe_unused]] const ssize_t got = ::read(peer, request, sizeof request);
    const std::string answer = "HTTP/1.0 404 Not Found\r\n\r\n";
    [[maybe_unused]] const ssize_t sent = ::write(peer, answer.data(), answer.size());
    ::close(peer);
  });

  EXPECT_TRUE(guest->listens(port));
  EXPECT_FALSE(guest->listens(test::free_port()));
  EXPECT_EQ(guest->http_status("http://127.0.0.1:" + std::to_string(port) + "/x?y"), 404);
  EXPECT_EQ(guest->http_status("http://localhost:" + std::to_string(test::free_port())), 0);
  pages.join();
  ::close(listener);
}

TEST_F(SshGuestTest, KnowsInstalledPackages) {
  const auto versions = guest->installed({"perl-base", "no-such-package-at-all"});

  ASSERT_EQ(versions.size(), 1U);
  EXPECT_TRUE(versions.at("perl-base").starts_with("5."));
}

TEST_F(SshGuestTest, ConnectsAgainAfterTheConnectionBroke) {
  EXPECT_EQ(guest->probe({.text = "echo one"}).output, "one\n");
  server->drop_connections();

  const Error error = error_of([&] { guest->probe({.text = "echo two"}); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_EQ(guest->probe({.text = "echo three"}).output, "three\n");
}

}  // namespace
}  // namespace encamp
