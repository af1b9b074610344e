// Compares what a command did with what its description expects of it.
#pragma once

#include <string>

#include "engine/description/site.h"
#include "engine/world/guest.h"

namespace encamp {

/// What was expected and what was seen instead, one line for each difference, or an empty string
/// when all is as expected. Pure. REQUIRES: the expectation is settled.
std::string what_differs(const Expectation& expected, const CommandResult& seen, Duration timeout);

}  // namespace encamp
