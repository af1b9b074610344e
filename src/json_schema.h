// The language as a JSON Schema, so that editors complete and check descriptions.
#pragma once

#include <string>

#include "engine/component/registry.h"

namespace encamp {

/// Draft 2020-12, indented. Made from the components' schemas. What only resolving can tell (names,
/// what references yield) it lets pass.
std::string json_schema(const Registry& registry);

}  // namespace encamp
