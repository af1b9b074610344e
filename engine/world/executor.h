// Something that runs blocking work beside the caller: threads, or in a simulation threads that
// pass one baton. Threads: one owner starts and waits; the work itself may run anywhere.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>

namespace encamp {

class Executor {
 public:
  virtual ~Executor() = default;

  /// Starts `work`. `ticket` comes back from next_done() when it has ended.
  virtual void start(std::size_t ticket, std::function<void()> work) = 0;

  /// Waits until a started work has ended that was not returned before, and returns its ticket.
  /// Nothing when `timeout` has passed (none: for ever) or `stop` was requested before that.
  /// What a work threw is thrown here. REQUIRES: something was started and not returned.
  virtual std::optional<std::size_t> next_done(std::stop_token stop,
                                               std::optional<std::chrono::nanoseconds> timeout) = 0;

  /// Gives up what runs: it goes on, but next_done() never tells of it.
  virtual void abandon() = 0;
};

}  // namespace encamp
