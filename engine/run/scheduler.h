// Decides which steps may run: pure, without threads, clock or I/O.
//
//     Scheduler scheduler(steps, {.in_all = 8, .per_host = 4});
//     while (!scheduler.is_finished()) {
//       for (std::size_t step : scheduler.start()) ...;   // begin them
//       ...                                               // one of them ends
//       scheduler.done(step);                             // or scheduler.fail(step)
//     }
//
// Of the steps that could start, the one with the longest path of work behind it goes first. A
// failed step skips what needs it, directly or not, and nothing else.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "engine/description/quantity.h"

namespace encamp {

struct Step {
  std::vector<std::size_t> needs;  ///< Must be done; indices into the steps, without cycles.
  std::vector<std::size_t> after;  ///< Must have ended somehow: order only.
  std::string host;
  std::string lane;    ///< Steps of one lane run one at a time; empty: no such bound.
  bool heavy = false;  ///< Takes processors of this machine for itself: a boot, a key, an image.
  Duration estimate = std::chrono::seconds(1);
};

struct Bounds {
  int in_all = 16;
  int per_host = 12;  ///< A libvirt connection answers a few requests at a time.
  int heavy = 12;     ///< More than processors only make the first as late as the last.
};

class Scheduler {
 public:
  enum class State { Waiting, Running, Done, Failed, Skipped };

  Scheduler(std::vector<Step> steps, Bounds bounds);

  /// The steps to begin; they count as running from here on. Empty when bounds or needs leave
  /// none, or after stop().
  std::vector<std::size_t> start();

  /// REQUIRES: the step is running.
  void done(std::size_t step);
  /// Returns the steps that are skipped because of it.
  std::vector<std::size_t> fail(std::size_t step);

  /// Nothing more is started.
  void stop() { stopped_ = true; }
  /// Nothing runs and nothing will.
  bool is_finished() const;

  State state(std::size_t step) const { return states_[step]; }
  /// The failed step for whose sake this one was skipped. REQUIRES: it was skipped.
  std::size_t cause(std::size_t step) const { return causes_[step]; }
  int running() const { return running_; }

 private:
  bool can_start(std::size_t step) const;
  void end(std::size_t step, State state);

  std::vector<Step> steps_;
  Bounds bounds_;
  std::vector<State> states_;
  std::vector<std::size_t> causes_;
  std::vector<std::vector<std::size_t>> needed_by_;
  std::vector<std::vector<std::size_t>> before_;  ///< The reverse of `after`.
  std::vector<std::size_t> order_;                ///< Longest remaining path first.
  std::vector<int> open_;                         ///< How many of needs and after have not ended.
  std::map<std::string, int> on_host_;
  std::map<std::string, int> on_lane_;
  int running_ = 0;
  int heavy_running_ = 0;
  std::size_t ended_ = 0;
  bool stopped_ = false;
};

}  // namespace encamp
