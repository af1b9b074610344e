#include "engine/description/drafts.h"

#include <algorithm>
#include <cassert>

namespace encamp {

Draft& Drafts::add(Draft draft) {
  all_.push_back(std::make_unique<Draft>(std::move(draft)));
  Draft& added = *all_.back();
  if (added.written_as.empty())
    added.written_as = added.resource.address;
  [[maybe_unused]] const bool is_new = by_address_.emplace(added.resource.address, &added).second;
  assert(is_new);
  return added;
}

void Drafts::rename(Draft& item, const std::string& name) {
  const Address old = item.resource.address;
  const Address collection = item.node + ".software";
  const Address address = child_address(collection, name);
  if (find(address) != nullptr)
    return;
  by_address_.erase(item.resource.address);
  item.resource.address = address;
  by_address_.emplace(item.resource.address, &item);
  if (outline != nullptr)
    outline->rename(old, address);
  const auto rename_in = [&](Collection& names) {
    const auto entry = std::ranges::find(names.names, old, &Names::value_type::second);
    if (entry == names.names.end())
      return;
    fill_index(names);
    names.by_name.emplace(name, entry - names.names.begin());  // As it is written it is known too.
    *entry = {name, address};
  };
  rename_in(collections_[collection]);
  if (item.copy.is_copy())
    rename_in(collections_[item.written_as]);
}

void Drafts::add_test(const Address& collection, const std::string& name) {
  const Address address = child_address(collection, name);
  add_name(collection, name, address);
  tests_.insert(address);
}

bool Drafts::is_broken(const Address& collection, const std::string& name) const {
  if (!is_whole || incomplete_.contains(collection) ||
      broken_.contains(child_address(collection, name)))
    return true;
  if (incomplete_.empty())
    return false;
  for (std::size_t minus = name.find('-'); minus != std::string::npos;
       minus = name.find('-', minus + 1)) {  // A copy of what has no copies.
    if (incomplete_.contains(child_address(collection, name.substr(0, minus))))
      return true;
  }
  return false;
}

void Drafts::add_name(const Address& collection, const std::string& name, const Address& address,
                      const std::string& key) {
  Collection& into = collections_[collection];
  if (!into.by_name.empty())
    into.by_name.emplace(name, into.names.size());
  if (!key.empty())
    into.by_key.emplace(key, into.names.size());
  into.names.emplace_back(name, address);
  constexpr std::size_t kFew = 32;
  if (into.names.size() == kFew)
    fill_index(into);
}

void Drafts::fill_index(Collection& collection) {
  if (!collection.by_name.empty())
    return;
  for (std::size_t i = 0; i < collection.names.size(); ++i)
    collection.by_name.emplace(collection.names[i].first, i);
}

Draft* Drafts::find(const Address& address) {
  Draft* const* const found = by_address_.find(address);
  return found == nullptr ? nullptr : *found;
}

const Drafts::Names& Drafts::in(const Address& collection) const {
  static const Names kNone;
  const auto found = collections_.find(collection);
  return found == collections_.end() ? kNone : found->second.names;
}

const Address* Drafts::named(const Address& collection, const std::string& name) const {
  const auto found = collections_.find(collection);
  if (found == collections_.end())
    return nullptr;
  const Collection& in = found->second;
  if (in.by_name.empty()) {
    const auto few = std::ranges::find(in.names, name, &Names::value_type::first);
    return few == in.names.end() ? nullptr : &few->second;
  }
  const auto entry = in.by_name.find(name);
  return entry == in.by_name.end() ? nullptr : &in.names[entry->second].second;
}

const Address* Drafts::keyed(const Address& collection, const std::string& key) const {
  const auto found = collections_.find(collection);
  if (found == collections_.end())
    return nullptr;
  const Collection& in = found->second;
  const auto entry = in.by_key.find(key);
  return entry == in.by_key.end() ? nullptr : &in.names[entry->second].second;
}

}  // namespace encamp
