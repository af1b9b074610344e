// Values as YAML text: for the function yaml() and for `encamp show`.
#pragma once

#include <string>
#include <string_view>

#include "engine/description/value.h"

namespace encamp {

/// Block style, indented by two, without the last newline; text is quoted where YAML 1.2 or 1.1
/// would take it for something else. Sizes, times and references stand as they are written in a
/// description, pending values as `${{ ... }}`.
std::string to_yaml(const Value& value);

/// `text` as a YAML scalar on one line, in quotes where it needs them.
std::string yaml_scalar(std::string_view text);

/// Likewise, always in double quotes.
std::string yaml_scalar_quoted(std::string_view text);

/// `text` as what stands behind `key: `, a `|` block when it has several lines; those are indented
/// by `indent` spaces.
std::string yaml_text(std::string_view text, std::size_t indent);

}  // namespace encamp
