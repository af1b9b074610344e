// Small pieces of text as the program prints them. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "engine/description/quantity.h"

namespace encamp {

/// The first line of printable(text) (engine/world/printable.h), for places that have one line.
std::string one_line(std::string_view text);

/// `text` with each line indented by `spaces`; ends in a newline unless it is empty.
std::string indented(std::string_view text, int spaces);

/// How many columns printable UTF-8 text takes: one for each character.
int columns(std::string_view text);

/// `text`, cut to `width` columns with `~` in the last one when it is longer.
std::string fitted(std::string_view text, int width);

/// `0.2 s`, `41 s`, `3 min 05 s`, `2 h 05 min`.
std::string elapsed(std::chrono::milliseconds duration);

/// `180 MiB`, `1.5 GiB`: about so much.
std::string sized(Bytes bytes);

/// `1 node`, `3 nodes`.
std::string counted(std::ptrdiff_t count, std::string_view what);

enum class Color { Red, Green, Yellow, Cyan, Dim, Bold };

/// `text` in that colour when `use` says so.
std::string colored(std::string_view text, Color color, bool use);

}  // namespace encamp
