#include "engine/description/address.h"

#include <algorithm>
#include <cctype>

namespace encamp {
namespace {

bool is_plain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

}  // namespace

Address child_address(std::string_view parent, std::string_view name) {
  Address address(parent);
  if (!name.empty() && std::ranges::all_of(name, is_plain))
    return address.append(".").append(name);
  address += "['";
  for (const char c : name) {
    if (c == '\'' || c == '\\')
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
  std::size_t start = address.size() - 2;
  while (start > 0 && !(address[start - 1] == '\'' && start >= 2 && address[start - 2] == '['))
    --start;
  std::string name;
  for (std::size_t i = start; i + 2 < address.size(); ++i) {
    if (address[i] == '\\')
      ++i;
    name += address[i];
  }
  return name;
}

}  // namespace encamp
