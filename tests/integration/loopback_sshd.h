// An SSH server on this machine's loopback for tests: its own keys, a free port, a directory of its
// own that goes with it. It runs as root and what tests run through it runs on this machine, so
// tests touch nothing outside directory().
#pragma once

#include <filesystem>
#include <string>

#include <sys/types.h>

#include "engine/world/guest.h"
#include "engine/world/world.h"

namespace encamp::test {

class LoopbackSshd {
 public:
  LoopbackSshd();
  ~LoopbackSshd();
  LoopbackSshd(const LoopbackSshd&) = delete;
  LoopbackSshd& operator=(const LoopbackSshd&) = delete;

  /// With everything right in it.
  Login login() const;
  const std::filesystem::path& directory() const { return directory_; }
  /// Where the guest keeps receipts.
  std::string state() const { return directory_ / "state"; }

  void start();
  void stop();
  /// Ends every connection, as a network that breaks.
  void drop_connections();

 private:
  std::filesystem::path directory_;
  SshKey host_key_;
  SshKey user_key_;
  int port_ = 0;
  pid_t process_ = -1;
};

/// A directory below the system's temporary one, open for all to read.
std::filesystem::path make_test_directory();

/// The port of a bound or listening socket.
int port_of(int socket);

/// A port that nobody listens at.
int free_port();

}  // namespace encamp::test
