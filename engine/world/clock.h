// Time and chance, as the engine sees them. It has neither of its own, so that a simulation can
// give it both.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>
#include <string>

#include "engine/description/quantity.h"

namespace encamp {

class Clock {
 public:
  using Instant = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;
  using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

  virtual ~Clock() = default;
  virtual Instant now() = 0;         ///< For deadlines and durations; never goes back.
  virtual WallTime wall_time() = 0;  ///< For people and records only; may jump.

  /// Returns after `duration`, or earlier when `stop` is requested.
  virtual void sleep(std::chrono::nanoseconds duration, std::stop_token stop) = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  /// `count` bytes that nobody can guess.
  virtual std::string bytes(std::size_t count) = 0;
};

/// A random (version 4) UUID as text.
std::string make_uuid(Random& random);

}  // namespace encamp
