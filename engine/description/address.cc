#include "engine/description/address.h"

#include <algorithm>

namespace encamp {
namespace {

constexpr bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_';
}

constexpr bool is_escaped(char c) {
  return c == '\'' || c == '\\';
}

}  // namespace

Address child_address(std::string_view parent, std::string_view name) {
  Address address;
  address.reserve(parent.size() + name.size() + 4);
  address = parent;
  if (!name.empty() && std::ranges::all_of(name, is_plain))
    return address.append(".").append(name);
  address += "['";
  if (std::ranges::none_of(name, is_escaped))
    return address.append(name).append("']");
  for (const char c : name) {
    if (is_escaped(c))
      address += '\\';
    address += c;
  }
  return address += "']";
}

std::string_view node_of(std::string_view address) {
  constexpr std::string_view kNodes = "nodes.";
  if (!address.starts_with(kNodes))
    return {};
  const std::string_view node = address.substr(0, address.find_first_of(".[", kNodes.size()));
  return address.substr(node.size()).starts_with(".resources") ? std::string_view() : node;
}

std::string last_name(std::string_view address) {
  if (!address.ends_with("']")) {
    const std::size_t dot = address.rfind('.');
    return std::string(dot == std::string_view::npos ? address : address.substr(dot + 1));
  }
  // An unescaped quote cannot stand in a name, so the last one that opens is the right one.
  const std::size_t start = address.rfind("['", address.size() - 4) + 2;
  std::string name(address.substr(start, address.size() - 2 - start));
  for (std::size_t at = 0; (at = name.find('\\', at)) != std::string::npos; ++at)
    name.erase(at, 1);
  return name;
}

}  // namespace encamp
