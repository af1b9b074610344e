// The components that are there, by name. Filled at start from plugins, then only read.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/component/component.h"
#include "engine/description/name_map.h"

namespace encamp {

class Registry {
 public:
  /// Throws Error(Conflict) when a component of that name is there already.
  void add(std::unique_ptr<const Component> component);

  const Component* find(std::string_view name) const;
  /// REQUIRES: is there.
  const Component& get(std::string_view name) const;
  /// Of one section (`software`), or all; sorted by name.
  std::vector<const Component*> all(std::string_view section = {}) const;
  std::vector<std::string> names(std::string_view section = {}) const;

 private:
  std::map<std::string, std::unique_ptr<const Component>, std::less<>> components_;
  /// The same, found faster: large sites ask for each resource. `components_` keeps the names.
  NameMap<const Component*> by_name_;
};

}  // namespace encamp
