#include "engine/description/quantity.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace encamp {
namespace {

struct NamedUnit {
  std::string_view name;
  std::int64_t factor;
};

// Largest first, so that the first one that divides evenly gives the shortest text.
constexpr std::array<NamedUnit, 9> kSizes{{{"TiB", std::int64_t{1} << 40},
                                           {"TB", 1'000'000'000'000},
                                           {"GiB", 1 << 30},
                                           {"GB", 1'000'000'000},
                                           {"MiB", 1 << 20},
                                           {"MB", 1'000'000},
                                           {"KiB", 1 << 10},
                                           {"kB", 1'000},
                                           {"B", 1}}};
constexpr std::array<NamedUnit, 4> kTimes{
    {{"h", 3'600'000}, {"min", 60'000}, {"s", 1'000}, {"ms", 1}}};

template <std::size_t N>
std::optional<std::int64_t> parse(std::string_view text, const std::array<NamedUnit, N>& units) {
  const std::size_t digits = text.find_first_not_of("0123456789.");
  if (digits == std::string_view::npos || digits == 0)
    return std::nullopt;
  const std::string_view number = text.substr(0, digits);
  std::string_view unit = text.substr(digits);
  while (unit.starts_with(' '))
    unit.remove_prefix(1);
  for (const NamedUnit& u : units) {
    if (u.name != unit)
      continue;
    std::int64_t whole = 0;
    if (auto [end, failed] = std::from_chars(number.begin(), number.end(), whole);
        end == number.end() && failed == std::errc()) {
      if (whole > std::numeric_limits<std::int64_t>::max() / u.factor)
        return std::nullopt;
      return whole * u.factor;
    }
    double fraction = 0;
    if (auto [end, failed] = std::from_chars(number.begin(), number.end(), fraction);
        end == number.end() && failed == std::errc()) {
      const double scaled = std::round(fraction * static_cast<double>(u.factor));
      if (scaled < 9.2e18)
        return static_cast<std::int64_t>(scaled);
    }
    return std::nullopt;
  }
  return std::nullopt;
}

template <std::size_t N>
std::string print(std::int64_t count, const std::array<NamedUnit, N>& units) {
  for (const NamedUnit& u : units) {
    if (count != 0 && count % u.factor == 0)
      return fmt::format("{} {}", count / u.factor, u.name);
  }
  return fmt::format("{} {}", count, units.back().name);
}

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
  if (const std::optional<std::int64_t> count = parse(text, kSizes))
    return Bytes{*count};
  return std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
  if (const std::optional<std::int64_t> count = parse(text, kTimes))
    return Duration(*count);
  return std::nullopt;
}

std::string to_string(Bytes bytes) {
  return print(bytes.count, kSizes);
}
std::string to_string(Duration duration) {
  return print(duration.count(), kTimes);
}

}  // namespace encamp
