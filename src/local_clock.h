// This machine's clocks and its source of randomness.
#pragma once

#include "engine/world/clock.h"

namespace encamp {

class LocalClock : public Clock {
 public:
  Instant now() override;
  WallTime wall_time() override;
  void sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
};

class LocalRandom : public Random {
 public:
  std::string bytes(std::size_t count) override;
};

}  // namespace encamp
