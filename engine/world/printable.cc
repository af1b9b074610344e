#include "engine/world/printable.h"

#include <cstdint>

namespace encamp {
namespace {

/// One character of UTF-8 at the start of `text`; length 0 when there is none.
/// Source: RFC 3629, section 4.
struct Character {
  std::uint32_t code = 0;
  std::size_t length = 0;
};

Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t lead = byte(0);
  if (lead < 0x80)
    return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length)
    return {};
  std::uint32_t code = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80)
      return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    return {};
  return {code, length};
}

bool is_invisible_control(std::uint32_t code) {
  if (code < 0x20)
    return code != '\n' && code != '\t';
  return (code >= 0x7f && code <= 0x9f) ||      // DEL and the C1 controls
         (code >= 0x200e && code <= 0x200f) ||  // marks of writing direction
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/// The length of the escape sequence that begins with ESC at the start of `text` (ECMA-48): CSI
/// `ESC [ ... letter`, OSC `ESC ] ... BEL` or `ESC \`, others two characters.
std::size_t escape_length(std::string_view text) {
  if (text.size() < 2)
    return text.size();
  if (text[1] == '[') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] >= 0x40 && text[i] <= 0x7e)
        return i + 1;
      if (text[i] < 0x20)
        return i;
    }
    return text.size();
  }
  if (text[1] == ']') {
    for (std::size_t i = 2; i < text.size(); ++i) {
      if (text[i] == '\a')
        return i + 1;
      if (text[i] == '\x1b')
        return i + 1 < text.size() && text[i + 1] == '\\' ? i + 2 : i;
      if (text[i] == '\n')
        return i;
    }
    return text.size();
  }
  const unsigned char second = static_cast<unsigned char>(text[1]);
  return second >= 0x20 && second < 0x7f ? 2 : 1;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    if (text[0] == '\x1b') {
      text.remove_prefix(escape_length(text));
      continue;
    }
    const Character character = first_character(text);
    if (character.length == 0) {
      result += '?';
      text.remove_prefix(1);
      continue;
    }
    if (!is_invisible_control(character.code))
      result += text.substr(0, character.length);
    text.remove_prefix(character.length);
  }
  return result;
}

std::string last_lines(std::string_view text, int lines) {
  while (!text.empty() && text.back() == '\n')
    text.remove_suffix(1);
  std::size_t start = text.size();
  for (int i = 0; i < lines && start != std::string_view::npos && start > 0; ++i)
    start = text.rfind('\n', start - 1);
  return std::string(start == std::string_view::npos || start == 0 ? text : text.substr(start + 1));
}

}  // namespace encamp
