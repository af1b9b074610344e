// One SSH connection to a node: the readiness chain that leads to it, and channels through it.
//
// Nothing is trusted on first use: the server must show the very key that was made for the node
// before it booted, or nothing is sent to it. No configuration and no agent of the user takes part.
//
// Threads: one at a time for a session and all its channels. Example:
//
//     SshSession session = SshSession::connect(login, deadline, stop);
//     SshChannel channel = session.execute("exec cat", deadline);
//     channel.write("hello", deadline);
//     channel.read(5, deadline);
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "engine/world/clock.h"
#include "engine/world/guest.h"

namespace encamp {

/// A command that runs at the other end, with its standard input and output.
class SshChannel {
 public:
  SshChannel(SshChannel&&) noexcept;
  SshChannel& operator=(SshChannel&&) noexcept;
  ~SshChannel();

  /// Throws Error(Unavailable) when the connection breaks, Error(Timeout) at the deadline,
  /// Error(Interrupted) when stop is requested. So do all calls here.
  void write(std::string_view bytes, Clock::Instant deadline);

  /// Exactly `size` bytes of its output. Throws Error(Unavailable) also when the command ends
  /// before it has written them, with what it wrote to its standard error as detail.
  std::string read(std::size_t size, Clock::Instant deadline);

  /// How a command ended that ended, as a message would say it: `exit 127`, `signal KILL`,
  /// `connection lost`.
  std::string ending();

 private:
  friend class SshSession;
  struct State;
  explicit SshChannel(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class SshSession {
 public:
  /// Goes along the chain until `deadline`, because the guest may just be booting: port, banner,
  /// login. A refused connection costs nothing and is tried again within milliseconds.
  /// Throws Error(Timeout) that says which link was not reached and why, Error(Denied) for another
  /// host key or a refused login, Error(Interrupted) when `stop` is requested; so do later calls.
  static SshSession connect(const Login& login, Clock::Instant deadline, std::stop_token stop);

  SshSession(SshSession&&) noexcept;
  SshSession& operator=(SshSession&&) noexcept;
  ~SshSession();

  /// Starts `command` by the login shell of the user. REQUIRES: outlives the channel.
  SshChannel execute(const std::string& command, Clock::Instant deadline);

 private:
  friend class SshChannel;
  struct State;
  explicit SshSession(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace encamp
