#include "engine/description/merge.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/description/item_name.h"

namespace encamp {
namespace {

// Calls `join(old, new)` for the values of a key that both have; the old one is given away.
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
      same->value = join(std::move(same->value), entry);
    }
  }
  base.where = over.where;
  base.begin = over.begin;
  return base;
}

Tree deep(Tree base, const Tree& over) {
  if (!base.is_mapping() || !over.is_mapping())
    return over;
  return merged_mapping(std::move(base), over, [](Tree old, const Tree::Entry& entry) {
    return deep(std::move(old), entry.value);
  });
}

Tree merged_software(Tree base, const Tree& over, const Registry& registry) {
  if (!base.is_list() || !over.is_list())
    return over;
  Tree all = std::move(base);
  all.where = over.where;
  std::vector<std::string> names;  // Of each item.
  for (const Tree& item : all.items)
    names.push_back(item_name(item, registry));
  const std::set<std::string> inherited(names.begin(), names.end());
  for (const Tree& item : over.items) {
    const std::string name = item.is_mapping() ? item_name(item, registry) : "";
    if (!name.empty() && inherited.contains(name)) {
      Tree& same =
          all.items[static_cast<std::size_t>(std::ranges::find(names, name) - names.begin())];
      same = deep(std::move(same), item);
      continue;
    }
    const Tree::Entry* before = item.is_mapping() ? item.find("before") : nullptr;
    const auto place =
        before == nullptr ? names.end() : std::ranges::find(names, before->value.text);
    all.items.insert(all.items.begin() + (place - names.begin()), item);
    names.insert(place, name);
  }
  return all;
}

}  // namespace

Tree merged(Tree base, const Tree& over, const Registry& registry) {
  if (!base.is_mapping() || !over.is_mapping())
    return over;
  return merged_mapping(std::move(base), over, [&](Tree old, const Tree::Entry& entry) {
    return entry.key == "software" ? merged_software(std::move(old), entry.value, registry)
                                   : deep(std::move(old), entry.value);
  });
}

}  // namespace encamp
