// What is going on, kept from events: what runs, since when, how much is left. Pure: it is told the
// time.
//
//     images.debian    41 s  unpacking packages
//     networks.lan    0.1 s  create
//     2 of 9 done, 2 running, 44 s
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/run/events.h"

namespace encamp {

class Progress {
 public:
  using Time = std::chrono::milliseconds;  ///< Since some instant; never goes back.

  explicit Progress(Time begin) : begin_(begin) {}

  void on(const Event& event, Time now);

  /// The lines to show at this moment, none wider than `width` columns, at most `height` of them:
  /// what has run longest first, the count last. Empty when nothing runs.
  std::vector<std::string> frame(int width, int height, Time now) const;

  int done() const { return done_; }
  int failed() const { return failed_; }
  int skipped() const { return skipped_; }
  Time begin() const { return begin_; }

 private:
  struct Running {
    Address address;
    std::string verb;
    std::string text;
    Time since;
  };

  std::string count_line(Time now) const;

  Time begin_;
  int planned_ = 0;
  int done_ = 0;
  int failed_ = 0;
  int skipped_ = 0;
  std::vector<Running> running_;  ///< In the order they were started.
};

}  // namespace encamp
