// Which bytes are text.
#pragma once

#include <cstddef>
#include <string_view>

namespace encamp {

/// Length of the UTF-8 character at `offset`, 0 when there is none. Source: RFC 3629.
std::size_t utf8_length(std::string_view text, std::size_t offset);

bool is_utf8(std::string_view text);

}  // namespace encamp
