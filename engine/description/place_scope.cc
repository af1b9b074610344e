#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/description/drafts.h"

namespace encamp {
namespace {

constexpr std::array kSections = {"nodes", "networks", "images", "tests"};

// What every node has besides its component's attributes.
constexpr std::array kNodeProperties = {"memory", "disk", "cpus", "image"};

bool is_node(const Draft& draft) {
  return draft.schema->section == "nodes";
}

}  // namespace

std::optional<Value> PlaceScope::find(const std::string& name) const {
  if (name == "site") {
    return Value::Mapping{{"name", drafts_.site_name}, {"domain", drafts_.domain}};
  }
  if (name == "node" && !node_.empty())
    return Reference{node_};
  if (std::ranges::find(kSections, name) != kSections.end())
    return Reference{name};
  return std::nullopt;
}

std::vector<std::string> PlaceScope::names() const {
  std::vector<std::string> names = {"site"};
  if (!node_.empty())
    names.emplace_back("node");
  names.insert(names.end(), kSections.begin(), kSections.end());
  return names;
}

std::optional<Value> PlaceScope::member(const Address& address, const std::string& name,
                                        const Span& where) const {
  Draft* draft = drafts_.find(address);
  if (draft != nullptr)
    return attribute_of(*draft, name, where);
  if (address.ends_with(".addresses")) {
    const Address node = address.substr(0, address.rfind('.'));
    const std::vector<std::string> networks = members(address);
    if (std::ranges::find(networks, name) != networks.end())
      return attribute_value({node, "addresses." + name, where});
    return std::nullopt;
  }
  for (const auto& [key, value] : drafts_.in(address)) {
    if (key == name)
      return Reference{value};
  }
  return std::nullopt;
}

std::optional<Value> PlaceScope::attribute_of(Draft& draft, const std::string& name,
                                              const Span& where) const {
  const Address& address = draft.resource.address;
  if (is_node(draft)) {
    const std::string node_name = last_name(address);
    if (name == "name")
      return node_name;
    if (name == "hostname")
      return node_name + "." + drafts_.domain;
    if (name == "software" || name == "addresses")
      return Reference{address + "." + name};
    if (name == "address")
      return attribute_value({address, name, where});
    if (std::ranges::find(kNodeProperties, name) != kNodeProperties.end())
      return property_of(draft, name, where);
  }
  const AttributeSchema* schema = draft.schema->find_attribute(name);
  if (schema == nullptr)
    return std::nullopt;
  if (schema->phase == Phase::Known)
    return property_of(draft, name, where);
  // What is chosen, unless the file already says it: a network's subnet.
  if (schema->phase == Phase::Chosen && draft.written(name) != nullptr) {
    if (const Value* value = drafts_.property(draft, name, where))
      return *value;
  }
  return attribute_value({address, name, where});
}

// What is wrong with the property is reported where it is written, not once more here.
Value PlaceScope::property_of(Draft& draft, const std::string& name, const Span& where) const {
  if (const Value* value = drafts_.property(draft, name, where))
    return *value;
  if (draft.faulty)
    throw ExpressionError{};
  return {};
}

std::vector<std::string> PlaceScope::members(const Address& address) const {
  std::vector<std::string> names;
  if (Draft* draft = drafts_.find(address)) {
    if (is_node(*draft))
      names = {"name", "hostname", "address", "addresses", "memory",
               "disk", "cpus",     "image",   "software"};
    for (const AttributeSchema& attribute : draft->schema->attributes) {
      if (std::ranges::find(names, attribute.name) == names.end())
        names.push_back(attribute.name);
    }
    return names;
  }
  if (address.ends_with(".addresses")) {
    Draft* node = drafts_.find(address.substr(0, address.rfind('.')));
    const Value* networks = node == nullptr ? nullptr : drafts_.property(*node, "networks", {});
    if (networks != nullptr) {
      for (const Value::Entry& entry : networks->mapping())
        names.push_back(entry.key);
    }
    return names;
  }
  for (const auto& [name, value] : drafts_.in(address))
    names.push_back(name);
  return names;
}

std::optional<Value::List> PlaceScope::elements(const Address& address) const {
  if (drafts_.find(address) != nullptr || address.starts_with("tests."))
    return std::nullopt;
  Value::List list;
  for (const std::string& name : members(address))
    list.push_back(*member(address, name, {}));
  return list;
}

}  // namespace encamp
