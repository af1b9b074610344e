// Bytes as base64 text. Source: RFC 4648, section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace encamp {

std::string to_base64(std::string_view bytes);
/// Nothing when `text` is none.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace encamp
