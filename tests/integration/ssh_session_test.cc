#include "src/ssh_session.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/ssh_key.h"
#include "tests/integration/loopback_sshd.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Clock::Instant in(milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

/// The error of a call that has to fail.
template <typename Call>
Error error_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(ErrorKind::Failed, "no error");
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

TEST(SshKey, IsReadByOpenSsh) {
  const std::filesystem::path directory = test::make_test_directory();
  const SshKey key = make_ssh_key();
  FILE* keygen = ::popen(
      ("umask 077; cat >" + (directory / "key").string() + "; ssh-keygen -y -f " +
       (directory / "key").string() + " | cut -d' ' -f1,2 >" + (directory / "public").string())
          .c_str(),
      "w");
  std::fputs(key.private_key.c_str(), keygen);
  ASSERT_EQ(::pclose(keygen), 0);

  std::string read(key.public_key.size() + 2, '\0');
  FILE* file = std::fopen((directory / "public").c_str(), "r");
  read.resize(std::fread(read.data(), 1, read.size(), file));
  std::fclose(file);
  EXPECT_EQ(read, key.public_key + "\n");
  EXPECT_TRUE(key.public_key.starts_with("ssh-ed25519 AAAA"));
  EXPECT_TRUE(ssh_fingerprint(key.public_key).starts_with("SHA256:"));
  std::filesystem::remove_all(directory);
}

TEST(SshSession, CarriesBytesBothWays) {
  test::LoopbackSshd server;
  SshSession session = SshSession::connect(server.login(), in(seconds(10)), {});
  SshChannel channel = session.execute("exec cat", in(seconds(5)));
  const std::string bytes = std::string("\0\r\n\xff", 4) + std::string(100'000, 'x');

  channel.write(bytes, in(seconds(5)));

  EXPECT_EQ(channel.read(bytes.size(), in(seconds(5))), bytes);
}

TEST(SshSession, SaysHowACommandEndedTooEarly) {
  test::LoopbackSshd server;
  SshSession session = SshSession::connect(server.login(), in(seconds(10)), {});
  SshChannel channel = session.execute("echo no such thing >&2; exit 3", in(seconds(5)));

  const Error error = error_of([&] { channel.read(1, in(seconds(5))); });

  EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
  EXPECT_NE(std::string(error.what()).find("no such thing"), std::string::npos) << error.what();
}

TEST(SshSession, WaitsForAServerThatIsNotYetThere) {
  test::LoopbackSshd server;
  server.stop();
  std::jthread boot([&] {
    std::this_thread::sleep_for(milliseconds(300));
    server.start();
  });

  const Clock::Instant begin = std::chrono::steady_clock::now();
  SshSession::connect(server.login(), in(seconds(10)), {});

  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds(9));
}

TEST(SshSession, SaysThatThePortWasNotReached) {
  test::LoopbackSshd server;
  server.stop();

  const Error error =
      error_of([&] { SshSession::connect(server.login(), in(milliseconds(100)), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_NE(std::string(error.what()).find("was not reached in time: Connection refused"),
            std::string::npos)
      << error.what();
}

TEST(SshSession, SaysThatTheServerIsSilent) {
  test::LoopbackSshd server;
  Login login = server.login();
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::listen(listener, 5), 0);  // At a port of the system's choice.
  login.port = test::port_of(listener);

  const Error error = error_of([&] { SshSession::connect(login, in(milliseconds(200)), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_NE(std::string(error.what()).find("did not answer in time: it says nothing"),
            std::string::npos)
      << error.what();
  ::close(listener);
}

TEST(SshSession, RefusesAnotherHostKey) {
  test::LoopbackSshd server;
  Login login = server.login();
  const std::string seen = login.host_key;
  login.host_key = make_ssh_key().public_key;

  const Error error = error_of([&] { SshSession::connect(login, in(seconds(10)), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Denied);
  const std::string what = error.what();
  EXPECT_NE(what.find("expected " + ssh_fingerprint(login.host_key)), std::string::npos) << what;
  EXPECT_NE(what.find("seen " + ssh_fingerprint(seen)), std::string::npos) << what;
  EXPECT_NE(error.hint().find("encamp status"), std::string::npos);
}

TEST(SshSession, SaysThatItsOwnKeyIsRefused) {
  test::LoopbackSshd server;
  Login login = server.login();
  login.private_key = make_ssh_key().private_key;

  const Error error = error_of([&] { SshSession::connect(login, in(seconds(10)), {}); });

  EXPECT_EQ(error.kind(), ErrorKind::Denied);
  EXPECT_NE(std::string(error.what()).find("does not let 'root' in"), std::string::npos);
}

TEST(SshSession, StopsWaitingWhenAsked) {
  test::LoopbackSshd server;
  server.stop();
  std::stop_source stop;
  std::jthread interrupter([&] {
    std::this_thread::sleep_for(milliseconds(50));
    stop.request_stop();
  });

  const Error error =
      error_of([&] { SshSession::connect(server.login(), in(seconds(30)), stop.get_token()); });

  EXPECT_EQ(error.kind(), ErrorKind::Interrupted);
}

TEST(SshSession, ClosesWhatItOpened) {
  test::LoopbackSshd server;
  const std::size_t before = open_descriptors();
  {
    SshSession session = SshSession::connect(server.login(), in(seconds(10)), {});
    session.execute("exec cat", in(seconds(5)));
  }
  EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
}  // namespace encamp
