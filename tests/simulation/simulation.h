// One seed: a random site lives through bad weather, then through good, and what must hold is
// looked at all the while.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "tests/simulation/baton.h"
#include "tests/simulation/world.h"

namespace encamp::simulation {

struct Report {
  std::optional<std::string> violation;
  std::uint64_t digest = 0;  ///< Equal seed, equal digest.
  int calls = 0;
  std::vector<std::string> faults;  ///< The points that were struck.
  std::vector<std::string> trace;   ///< Only when asked for.
};

class Simulator {
 public:
  Simulator();

  Report run(std::uint64_t seed, const Looking& looking = {});
  /// Leaves out all faults that a violation does not need, and returns the trace of the rest.
  Report shrink(std::uint64_t seed, Looking looking = {});

 private:
  Registry registry_;
  Baton baton_;
};

}  // namespace encamp::simulation
