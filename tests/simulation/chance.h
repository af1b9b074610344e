// Numbers that follow from a seed.
#pragma once

#include <cstdint>
#include <string_view>

namespace encamp::simulation {

/// SplitMix64: mixes `z` so that near inputs are far apart.
constexpr std::uint64_t mix(std::uint64_t z) {
  z += 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31U);
}

constexpr std::uint64_t hash_of(std::string_view text) {  // FNV-1a
  std::uint64_t value = 14695981039346656037U;
  for (const char c : text)
    value = (value ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return value;
}

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(mix(seed)) {}

  std::uint64_t next() { return mix(state_++); }
  /// From 0 to `end` - 1. REQUIRES: `end` > 0.
  std::size_t below(std::size_t end) { return static_cast<std::size_t>(next() % end); }
  int between(int least, int most) {
    return least + static_cast<int>(below(static_cast<std::size_t>(most - least + 1)));
  }
  /// True in `percent` of 100 cases.
  bool is(int percent) { return below(100) < static_cast<std::size_t>(percent); }

 private:
  std::uint64_t state_;
};

}  // namespace encamp::simulation
