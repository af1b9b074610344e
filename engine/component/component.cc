#include "engine/component/component.h"

#include <fmt/format.h>

namespace encamp {
namespace {

std::string shown(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  return found == properties.end() ? "not set" : to_display(found->second, 40);
}

}  // namespace

Change Component::compare(const Properties& wanted, const Properties& recorded) const {
  Change change;
  for (const PropertySchema& property : schema().properties) {
    const auto now = wanted.find(property.name);
    const auto then = recorded.find(property.name);
    const bool same = now == wanted.end() ? then == recorded.end()
                                          : then != recorded.end() && now->second == then->second;
    if (same || property.on_change == OnChange::Ignore)
      continue;
    std::string wanted_text = shown(wanted, property.name);
    const std::string recorded_text = shown(recorded, property.name);
    if (wanted_text == recorded_text && now != wanted.end() && find_secret(now->second) != nullptr)
      wanted_text = "another " + wanted_text;
    change.reasons.push_back(
        fmt::format("{}: {} -> {}", property.name, recorded_text, wanted_text));
    if (property.on_change == OnChange::Replace)
      change.kind = Change::Kind::Replace;
    else if (change.kind == Change::Kind::Keep)
      change.kind = Change::Kind::Update;
  }
  return change;
}

}  // namespace encamp
