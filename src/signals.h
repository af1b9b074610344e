// Ctrl-C and its relatives.
//
// The first SIGINT or SIGTERM asks to stop: start nothing new, let running calls end, record. The
// second leaves at once with 130 or 143; nothing is lost, because open rows of the journal are
// looked up next time. A closed terminal (SIGHUP) and a broken pipe (SIGPIPE) stop nothing.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

namespace encamp {

/// Handles signals while it lives. One at a time per process, made before other threads are.
/// Handlers, not ignored signals: a child process that is started starts with the defaults.
class Signals {
 public:
  Signals();
  ~Signals();

  std::stop_token stop() const;
  /// The signal that asked to stop, 0 when none came.
  int received() const;
  /// Called once, on a thread of its own, when the first signal comes.
  void on_first(std::function<void()> callback);
  /// What is said when the second signal ends the process: how to go on. At most 400 bytes.
  void say_at_second(const std::string& text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace encamp
