// Runs work on threads that are kept for the next one. The destructor waits for what still runs.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "engine/world/executor.h"

namespace encamp {

class ThreadExecutor : public Executor {
 public:
  ThreadExecutor() = default;
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  void start(std::size_t ticket, std::function<void()> work) override;
  std::optional<std::size_t> next_done(std::stop_token stop,
                                       std::optional<std::chrono::nanoseconds> timeout) override;
  void abandon() override;

 private:
  struct Work {
    std::size_t ticket = 0;
    int generation = 0;
    std::function<void()> run;
  };
  struct Done {
    std::size_t ticket = 0;
    std::exception_ptr thrown;
  };

  void work_until_closed();

  std::mutex mutex_;  ///< Of all below but the threads.
  std::condition_variable_any changed_;
  std::deque<Work> waiting_;
  std::deque<Done> done_;
  int generation_ = 0;  ///< Grows with each abandon().
  std::size_t idle_ = 0;
  bool closed_ = false;
  std::vector<std::jthread> threads_;  ///< Only the owner touches it.
};

}  // namespace encamp
