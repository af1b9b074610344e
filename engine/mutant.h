// Mistakes that the simulator's build of the engine can be told to make, to see that its tests
// notice (docs/reliability.md). Everywhere else there are none, and nothing is left of them.
//
//     if (!mutant("trust-the-reply") && !holds()) throw;
#pragma once

#include <string_view>

namespace encamp {

#ifdef ENCAMP_MUTANTS
/// Whether that mistake is to be made. Defined by tests/simulation/mutants.cc.
bool mutant(std::string_view name);
#else
constexpr bool mutant(std::string_view) {
  return false;
}
#endif

}  // namespace encamp
