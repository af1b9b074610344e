// A component's reference page, made from its schema: `encamp component show`, docs/components/.
#pragma once

#include <string>

#include "engine/component/schema.h"

namespace encamp {

/// Markdown.
std::string component_page(const Schema& schema);

/// A type as people read it: `size`, `list of text`, `name of a network`.
std::string type_text(const Type& type);

}  // namespace encamp
