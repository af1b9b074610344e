// An Executor whose threads pass a baton. The destructor waits for what still runs; before it, let
// that end: a process that is dead throws Killed in every call.
#pragma once

#include <deque>
#include <exception>
#include <memory>

#include "engine/world/executor.h"
#include "tests/simulation/baton.h"

namespace encamp::simulation {

class BatonExecutor : public Executor {
 public:
  /// `is_dead`: whether the process whose executor this is has died; then next_done() throws
  /// Killed. Everything is borrowed.
  BatonExecutor(Baton& baton, std::function<bool()> is_dead)
      : baton_(&baton), is_dead_(std::move(is_dead)) {}
  ~BatonExecutor() override { wait_for_all(); }
  BatonExecutor(const BatonExecutor&) = delete;
  BatonExecutor& operator=(const BatonExecutor&) = delete;

  void start(std::size_t ticket, std::function<void()> work) override;
  std::optional<std::size_t> next_done(std::stop_token stop,
                                       std::optional<std::chrono::nanoseconds> timeout) override;
  void abandon() override;

  bool is_running() const { return running_ > 0; }
  void wait_for_all();
  /// The process has died: who waits shall notice.
  void wake();

 private:
  struct Done {
    std::size_t ticket = 0;
    std::exception_ptr thrown;
  };

  Baton* baton_;
  std::function<bool()> is_dead_;
  std::deque<Done> done_;
  int generation_ = 0;  ///< Grows with each abandon().
  int running_ = 0;
  Baton::Member* waiting_ = nullptr;
};

}  // namespace encamp::simulation
