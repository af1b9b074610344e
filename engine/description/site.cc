#include "engine/description/site.h"

#include <algorithm>

namespace encamp {

Span Resource::place(const std::string& property) const {
  const auto found = places.find(property);
  return found == places.end() ? where : found->second;
}

const Resource* Site::find(const Address& address) const {
  const auto found = std::ranges::find(resources, address, &Resource::address);
  return found == resources.end() ? nullptr : &*found;
}

}  // namespace encamp
