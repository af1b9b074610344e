#include "engine/component/component.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace encamp {
namespace {

const Value* find(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  return found == properties.end() ? nullptr : &found->second;
}

std::string shown(const Value* value) {
  return value == nullptr ? "not set" : to_display(*value, 40);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Of texts with several lines, the first line that is another one.
std::optional<std::string> first_other_line(const Value& wanted, const Value& recorded) {
  const std::vector<std::string_view> now = lines_of(wanted.text());
  const std::vector<std::string_view> then = lines_of(recorded.text());
  if (std::max(now.size(), then.size()) < 2)
    return std::nullopt;
  const auto [here, there] = std::ranges::mismatch(now, then);
  if (here == now.end() && there == then.end())
    return std::nullopt;  // One ends without a line break.
  const auto text = [](const auto& line, const auto& lines) {
    return line == lines.end() ? "none" : to_display(Value(std::string(*line)), 60);
  };
  return fmt::format(", line {}: {} -> {}", here - now.begin() + 1, text(there, then),
                     text(here, now));
}

std::string difference(const Value* wanted, const Value* recorded) {
  if (wanted != nullptr && recorded != nullptr && wanted->is_text() && recorded->is_text()) {
    if (const auto line = first_other_line(*wanted, *recorded))
      return *line;
  }
  const bool other_secret =
      wanted != nullptr && shown(wanted) == shown(recorded) && find_secret(*wanted) != nullptr;
  return fmt::format(": {} -> {}{}", shown(recorded), other_secret ? "another " : "",
                     shown(wanted));
}

}  // namespace

Change Component::compare(const Properties& wanted, const Properties& recorded) const {
  Change change;
  if (wanted == recorded)
    return change;
  for (const PropertySchema& property : schema().properties) {
    const Value* now = find(wanted, property.name);
    const Value* then = find(recorded, property.name);
    const bool same = now == nullptr ? then == nullptr : then != nullptr && *now == *then;
    if (same || property.on_change == OnChange::Ignore)
      continue;
    change.reasons.push_back(property.name + difference(now, then));
    if (property.on_change == OnChange::Replace)
      change.kind = Change::Kind::Replace;
    else if (change.kind == Change::Kind::Keep)
      change.kind = Change::Kind::Update;
  }
  return change;
}

}  // namespace encamp
