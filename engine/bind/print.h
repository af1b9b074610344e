// Bound graphs as text, for `encamp graph --stage bind`.
#pragma once

#include <string>

#include "engine/bind/bind.h"

namespace encamp {

/// JSON, indented by two: every resource in the order of realization with its host, generation and
/// properties.
std::string to_json(const BoundGraph& bound);

}  // namespace encamp
