// Text from a guest on its way into a message.
#pragma once

#include <string>
#include <string_view>

namespace encamp {

/// Returns `text` fit for a terminal: without escape sequences and control characters except
/// newline and tab, `\r\n` as `\n`, and with `?` for what is not UTF-8. Nothing in it can move the
/// cursor, change colours or the direction of writing.
std::string printable(std::string_view text);

/// The last `lines` lines of `text`, without empty ones at its end.
std::string last_lines(std::string_view text, int lines);

}  // namespace encamp
