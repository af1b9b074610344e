#include "engine/component/registry.h"

#include <cassert>

#include "engine/error.h"

namespace encamp {

void Registry::add(std::unique_ptr<const Component> component) {
  std::string name = component->schema().component;
  if (find(name) != nullptr)
    throw Error(ErrorKind::Conflict, "there is a component '" + name + "' already");
  const auto added = components_.emplace(std::move(name), std::move(component)).first;
  by_name_.emplace(added->first, added->second.get());
}

const Component* Registry::find(std::string_view name) const {
  const Component* const* found = by_name_.find(name);
  return found == nullptr ? nullptr : *found;
}

const Component& Registry::get(std::string_view name) const {
  const Component* component = find(name);
  assert(component != nullptr);
  return *component;
}

std::vector<const Component*> Registry::all(std::string_view section) const {
  std::vector<const Component*> found;
  for (const auto& [name, component] : components_) {
    if (section.empty() || component->schema().section == section)
      found.push_back(component.get());
  }
  return found;
}

std::vector<std::string> Registry::names(std::string_view section) const {
  std::vector<std::string> found;
  for (const Component* component : all(section))
    found.push_back(component->schema().component);
  return found;
}

}  // namespace encamp
