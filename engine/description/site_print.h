// A resolved site as a description: every value typed, every copy a node of its own. Read again it
// gives the same site.
#pragma once

#include <string>

#include "engine/component/registry.h"
#include "engine/description/outline.h"
#include "engine/description/site.h"

namespace encamp {

enum class ShowOrigins { No, Yes };

/// YAML. With origins each value has a comment: file and line, and through what it came.
std::string to_description(const Site& site, const Outline& outline, const Registry& registry,
                           ShowOrigins origins);

}  // namespace encamp
