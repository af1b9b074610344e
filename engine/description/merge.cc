#include "engine/description/merge.h"

#include <algorithm>
#include <set>
#include <string>

#include "engine/description/item_name.h"

namespace encamp {
namespace {

// Calls `join(old, new)` for the values of a key that both have.
template <typename Join>
Tree merged_mapping(Tree base, const Tree& over, const Join& join) {
  for (const Tree::Entry& entry : over.entries) {
    const auto same = std::ranges::find(base.entries, entry.key, &Tree::Entry::key);
    if (same == base.entries.end()) {
      base.entries.push_back(entry);
    } else if (entry.value.is_null()) {
      base.entries.erase(same);
    } else {
      same->where = entry.where;
      same->value = join(same->value, entry);
    }
  }
  base.where = over.where;
  base.begin = over.begin;
  return base;
}

Tree deep(const Tree& base, const Tree& over) {
  if (!base.is_mapping() || !over.is_mapping())
    return over;
  return merged_mapping(
      base, over, [](const Tree& old, const Tree::Entry& entry) { return deep(old, entry.value); });
}

Tree merged_software(const Tree& base, const Tree& over, const Registry& registry) {
  if (!base.is_list() || !over.is_list())
    return over;
  Tree all = base;
  all.where = over.where;
  const auto known_as = [&](const std::string& name) {
    return std::ranges::find_if(
        all.items, [&](const Tree& item) { return item_name(item, registry) == name; });
  };
  std::set<std::string> inherited;
  for (const Tree& item : base.items)
    inherited.insert(item_name(item, registry));
  for (const Tree& item : over.items) {
    const std::string name = item.is_mapping() ? item_name(item, registry) : "";
    if (!name.empty() && inherited.contains(name)) {
      Tree& same = *known_as(name);
      same = deep(same, item);
      continue;
    }
    const Tree::Entry* before = item.is_mapping() ? item.find("before") : nullptr;
    const auto place = before == nullptr ? all.items.end() : known_as(before->value.text);
    all.items.insert(place, item);
  }
  return all;
}

}  // namespace

Tree merged(const Tree& base, const Tree& over, const Registry& registry) {
  if (!base.is_mapping() || !over.is_mapping())
    return over;
  return merged_mapping(base, over, [&](const Tree& old, const Tree::Entry& entry) {
    return entry.key == "software" ? merged_software(old, entry.value, registry)
                                   : deep(old, entry.value);
  });
}

}  // namespace encamp
