// Sizes and times, which in a description always carry their unit.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace encamp {

/// An amount of memory or disk, in bytes.
struct Bytes {
  std::int64_t count = 0;

  static constexpr Bytes mebi(std::int64_t n) { return {n << 20}; }
  static constexpr Bytes gibi(std::int64_t n) { return {n << 30}; }
  auto operator<=>(const Bytes&) const = default;
};

/// A span of time; what a description can say is whole milliseconds.
using Duration = std::chrono::milliseconds;

/// Reads `512 MiB`, `4GiB`, `10 GB` (powers of 1024 and of 1000), fractions included; nothing when
/// `text` is no size or exceeds 2^63 - 1 bytes.
std::optional<Bytes> parse_bytes(std::string_view text);

/// Reads `500 ms`, `30 s`, `5 min`, `2 h`; nothing when `text` is no time.
std::optional<Duration> parse_duration(std::string_view text);

/// The shortest exact form: `512 MiB`, `10 GB`, `1500 ms`; reading it again gives the same.
std::string to_string(Bytes bytes);
std::string to_string(Duration duration);

}  // namespace encamp
