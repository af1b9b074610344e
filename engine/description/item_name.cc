#include "engine/description/item_name.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace encamp {
namespace {

constexpr std::size_t kLongestName = 80;

// A long text (a command's) is known by its beginning and a digest of all of it. FNV-1a: the same
// everywhere and ever.
std::string shortened(const std::string& text) {
  const std::size_t line = std::min(text.find('\n'), text.size());
  if (line + 1 >= text.size() && line <= kLongestName)
    return text.substr(0, line);
  std::uint64_t digest = 14695981039346656037U;
  for (const char c : text)
    digest = (digest ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::size_t cut = std::min<std::size_t>(line, 40);
  while (cut > 0 && cut < text.size() && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U)
    --cut;
  return fmt::format("{} ~{:08x}", text.substr(0, cut), digest >> 32U);
}

}  // namespace

std::vector<const Tree::Entry*> component_entries(const Tree& item, const Registry& registry) {
  std::vector<const Tree::Entry*> candidates;
  for (const Tree::Entry& entry : item.entries) {
    const Component* component = registry.find(entry.key);
    if (component != nullptr && component->schema().section == "software")
      candidates.push_back(&entry);
  }
  return candidates;
}

const Tree::Entry* component_entry(const std::vector<const Tree::Entry*>& candidates,
                                   const Registry& registry) {
  const auto owns_others = [&](const Tree::Entry* one) {
    const Schema& schema = registry.get(one->key).schema();
    return std::ranges::all_of(candidates, [&](const Tree::Entry* other) {
      return other == one || schema.find_property(other->key) != nullptr;
    });
  };
  const auto owner = std::ranges::find_if(candidates, owns_others);
  return owner == candidates.end() ? nullptr : *owner;
}

std::string subject_text(const Tree& subject) {
  if (!subject.is_list())
    return subject.text;
  std::vector<std::string> texts;
  for (const Tree& item : subject.items)
    texts.push_back(item.text);
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string item_name(const Tree& item, const Registry& registry) {
  if (const Tree::Entry* name = item.find("name"); name != nullptr && name->value.is_scalar())
    return name->value.text;
  const Tree::Entry* component = component_entry(component_entries(item, registry), registry);
  if (component == nullptr)
    return {};
  return item_name(component->key, subject_text(component->value));
}

std::string item_name(const std::string& component, const std::string& subject) {
  return component == "service" ? shortened(subject) : component + " " + shortened(subject);
}

}  // namespace encamp
