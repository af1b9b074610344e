// Which mistake the engine shall make (engine/mutant.h).
#pragma once

#include <string>
#include <vector>

namespace encamp::simulation {

/// None for an empty name.
void activate_mutant(const std::string& name);

/// All that there are; each is looked for in docs/reliability.md.
const std::vector<std::string>& mutant_names();

}  // namespace encamp::simulation
