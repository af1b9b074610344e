#include "engine/description/site.h"

#include <algorithm>
#include <string_view>

namespace encamp {

Span Resource::place(const std::string& property) const {
  std::string_view name = property;
  while (true) {
    const auto found = places.find(name);
    if (found != places.end())
      return found->second;
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos)
      return where;
    name = name.substr(0, dot);
  }
}

const Resource* Site::find(const Address& address) const {
  const auto found = std::ranges::find(resources, address, &Resource::address);
  return found == resources.end() ? nullptr : &*found;
}

}  // namespace encamp
