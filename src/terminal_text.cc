#include "src/terminal_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/world/printable.h"

namespace encamp {
std::string one_line(std::string_view text) {
  std::string clean = printable(text);
  clean.resize(std::min(clean.find('\n'), clean.size()));
  std::ranges::replace(clean, '\t', ' ');
  return clean;
}

std::string sized(Bytes bytes) {
  constexpr double kMebi = 1 << 20;
  const double mebi = static_cast<double>(bytes.count) / kMebi;
  return mebi < 1024 ? fmt::format("{:.0f} MiB", mebi) : fmt::format("{:.1f} GiB", mebi / 1024);
}

std::string counted(std::ptrdiff_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string indented(std::string_view text, int spaces) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0)
      out.append(static_cast<std::size_t>(spaces), ' ').append(text.substr(0, end));
    out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

int columns(std::string_view text) {
  return static_cast<int>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string fitted(std::string_view text, int width) {
  if (columns(text) <= width)
    return std::string(text);
  if (width <= 0)
    return "";
  int used = 0;
  std::size_t end = 0;
  while (used < width) {
    ++end;
    if (end == text.size() || (static_cast<unsigned char>(text[end]) & 0xc0) != 0x80)
      ++used;
    if (used == width - 1)
      break;
  }
  return std::string(text.substr(0, width == 1 ? 0 : end)) + '~';
}

std::string elapsed(std::chrono::milliseconds duration) {
  using namespace std::chrono;
  if (duration < 10s)
    return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000);
  const auto seconds = duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < 60)
    return fmt::format("{} s", seconds);
  if (seconds < 3600)
    return fmt::format("{} min {:02} s", seconds / 60, seconds % 60);
  return fmt::format("{} h {:02} min", seconds / 3600, seconds / 60 % 60);
}

std::string colored(std::string_view text, Color color, bool use) {
  if (!use)
    return std::string(text);
  const char* code = "0";
  switch (color) {
    case Color::Red:
      code = "31";
      break;
    case Color::Green:
      code = "32";
      break;
    case Color::Yellow:
      code = "33";
      break;
    case Color::Cyan:
      code = "36";
      break;
    case Color::Dim:
      code = "2";
      break;
    case Color::Bold:
      code = "1";
      break;
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace encamp
