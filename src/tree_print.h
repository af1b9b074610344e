// What stage `read` made of a file, as text.
#pragma once

#include <string>

#include "engine/description/tree.h"

namespace encamp {

/// One line for each key and value with its place:
///
///     1:1   encamp: 1
///     3:1   nodes:
///     4:3     head:
std::string to_text(const Tree& tree);

/// The same values as JSON; every scalar is text, as written.
std::string to_json(const Tree& tree);

}  // namespace encamp
