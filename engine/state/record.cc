#include "engine/state/record.h"

#include <array>
#include <stdexcept>
#include <utility>

namespace encamp {
namespace {

constexpr std::array<std::pair<Life, std::string_view>, 5> kNames{{{Life::Intended, "intended"},
                                                                   {Life::Present, "present"},
                                                                   {Life::Removing, "removing"},
                                                                   {Life::Removed, "removed"},
                                                                   {Life::Gone, "gone"}}};

}  // namespace

std::string to_string(Life life) {
  for (const auto& [value, name] : kNames) {
    if (value == life)
      return std::string(name);
  }
  return "?";
}

Life life_from(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text)
      return value;
  }
  throw std::invalid_argument("no stage of a resource's life: " + std::string(text));
}

}  // namespace encamp
