#include "engine/component/schema.h"

#include <algorithm>

namespace encamp {

const Type& Type::item_type() const {
  static const Type kAny;
  return item.empty() ? kAny : item.front();
}

const PropertySchema* Schema::find_property(std::string_view name) const {
  const auto found = std::ranges::find(properties, name, &PropertySchema::name);
  return found == properties.end() ? nullptr : &*found;
}

const AttributeSchema* Schema::find_attribute(std::string_view name) const {
  const auto found = std::ranges::find(attributes, name, &AttributeSchema::name);
  return found == attributes.end() ? nullptr : &*found;
}

}  // namespace encamp
