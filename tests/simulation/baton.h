// Threads that pass one baton: only its holder runs, so a program with threads does the same every
// time. Time is virtual and passes only when everybody waits.
//
//     Baton baton;
//     baton.run(seed, [&] {
//       baton.start([&] { baton.sleep(2ms); ... });  // a second thread
//       baton.sleep(1ms);                            // goes on first
//     });
//
// Who goes on is chosen by the seed among those whose time has come. The threads are kept for the
// next run; one that goes on itself costs no hand-over.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include <semaphore.h>

#include "tests/simulation/chance.h"

namespace encamp::simulation {

class Baton {
 public:
  using Time = std::chrono::nanoseconds;  ///< Since run() began.
  static constexpr Time kNever{std::numeric_limits<std::int64_t>::max()};

  /// A semaphore that sleeps at once: the standard library's first gives its processor away some
  /// times, which costs most where others want it too.
  class Turn {
   public:
    Turn() { sem_init(&semaphore_, 0, 0); }
    ~Turn() { sem_destroy(&semaphore_); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

    void release() { sem_post(&semaphore_); }
    void acquire() {
      while (sem_wait(&semaphore_) != 0) {  // EINTR
      }
    }

   private:
    sem_t semaphore_;
  };

  /// A thread that takes part.
  struct Member {
    Turn turn;
    Time wakes{0};
    bool active = false;
    std::function<void()> work;
    std::jthread thread;  ///< None for the one that called run().
  };

  Baton();
  ~Baton();
  Baton(const Baton&) = delete;
  Baton& operator=(const Baton&) = delete;

  /// Runs `work` and returns when it has. REQUIRES: all that it started has ended by then.
  void run(std::uint64_t seed, const std::function<void()>& work);

  // All below: REQUIRES: the caller holds the baton.
  Time now() const { return now_; }
  void start(std::function<void()> work);
  void sleep(Time duration) { wait_until(now_ + duration); }
  /// Returns at `when`, or after somebody has called wake().
  void wait_until(Time when);
  Member* self() const { return holder_; }
  void wake(Member* member) { member->wakes = std::min(member->wakes, now_); }
  /// Does `effect` at that time, on whatever thread has the baton then. It must not wait.
  void at(Time when, std::function<void()> effect) { timers_.emplace(when, std::move(effect)); }
  /// Lets time pass until no timer is left.
  void wait_for_timers();

 private:
  void serve(Member& member, const std::stop_token& stop);
  Member* choose();

  std::vector<std::unique_ptr<Member>> members_;  ///< The first is the caller of run().
  Member* holder_ = nullptr;
  Time now_{0};
  std::multimap<Time, std::function<void()>> timers_;
  Chance chance_{0};
  std::vector<Member*> ready_;
};

}  // namespace encamp::simulation
