#include "engine/description/place_scope.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace encamp {
namespace {

constexpr std::array kNamedSections = {"nodes",     "networks",   "images", "volumes",
                                       "resources", "parameters", "tests"};

// What every node has besides its component's attributes.
constexpr std::array kNodeProperties = {"memory", "disk", "cpus", "image"};

// Keeps what a component sets when it expands a resource, as if that stood alone.
class WhatIsSet : public Expansion {
 public:
  const Site& site() const override { return site_; }
  std::vector<const Resource*> items(const Address&) const override { return {}; }
  void need(const Address&, const std::string&) override {}
  void imply(Resource, const std::string&) override {}
  void set(const std::string& property, Value value) override {
    properties[property] = std::move(value);
  }

  Properties properties;

 private:
  const Site site_{};
};

// What the component itself will set from the properties: an authority's hash.
std::optional<Value> set_by_component(Drafts& drafts, Draft& draft, const std::string& name,
                                      const Span& where) {
  for (const PropertySchema& property : draft.schema->properties)
    drafts.property(draft, property.name, where);
  WhatIsSet expansion;
  drafts.registry().get(draft.resource.component).expand(draft.resource, expansion);
  const auto found = expansion.properties.find(name);
  return found == expansion.properties.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

std::optional<Value> PlaceScope::find(const std::string& text) const {
  const std::string_view name = text;
  if (name == "site") {
    return Value::Mapping{{"name", drafts_.site_name}, {"domain", drafts_.domain}};
  }
  if (name == "node" && is_in_a_node())
    return Reference{node_};
  if (name == "index" || name == "each") {
    const Copy* copy = copy_here();
    if (copy == nullptr || (name == "each" && copy->key.empty()))
      return std::nullopt;
    if (name == "each" && copy->parameters != nullptr)
      drafts_.note_parameters(*copy->parameters);
    return name == "index" ? Value(copy->index)
                           : Value(Value::Mapping{{"key", copy->key}, {"value", copy->value}});
  }
  if (!drafts_.has_all(name))
    return std::nullopt;
  if (std::ranges::find(kNamedSections, name) != kNamedSections.end())
    return Reference{text};
  return std::nullopt;
}

// An image has items too.
bool PlaceScope::is_in_a_node() const {
  return !node_.empty() && !node_.starts_with("images");
}

const Copy* PlaceScope::copy_here() const {
  if (place_ != nullptr && place_->copy.is_copy())
    return &place_->copy;
  const Draft* node = drafts_.find(node_);
  return node == nullptr || !node->copy.is_copy() ? nullptr : &node->copy;
}

std::vector<std::string> PlaceScope::names() const {
  std::vector<std::string> names = {"site"};
  if (is_in_a_node())
    names.emplace_back("node");
  if (const Copy* copy = copy_here()) {
    names.emplace_back("index");
    if (!copy->key.empty())
      names.emplace_back("each");
  }
  for (const char* section : kNamedSections) {
    if (drafts_.has_all(section))
      names.emplace_back(section);
  }
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
  if (address == "parameters") {
    std::optional<Value> value = drafts_.parameter(name, where);
    if (!value && (!drafts_.is_whole || drafts_.is_broken(address, name)))
      throw ExpressionError{};
    return value;
  }
  if (const Address* named = drafts_.named(address, name))
    return Reference{*named};
  const Address child = child_address(address, name);
  if (drafts_.is_collection(child))  // The copies of a node.
    return Reference{child};
  if (drafts_.is_left_out(child))
    return Value();
  if (drafts_.is_broken(address, name))
    throw ExpressionError{};
  return std::nullopt;
}

std::optional<Value> PlaceScope::attribute_of(Draft& draft, const std::string& name,
                                              const Span& where) const {
  const Address& address = draft.resource.address;
  if (draft.is_node()) {
    const std::string node_name = last_name(address);
    if (name == "name")
      return node_name;
    if (name == "hostname")
      return node_name + "." + drafts_.domain;
    if (name == "software" || name == "addresses" || name == "resources" || name == "tests")
      return Reference{address + "." + name};
    if (name == "address")
      return attribute_value({address, name, where});
    if (std::ranges::find(kNodeProperties, name) != kNodeProperties.end())
      return property_of(draft, name, where);
    for (const Declaration& declaration : draft.attributes) {
      if (declaration.schema.name != name)
        continue;
      const Value* value = drafts_.attribute(draft, name, where);
      if (value == nullptr && draft.faulty)
        throw ExpressionError{};
      return value == nullptr ? Value() : *value;
    }
  }
  const AttributeSchema* schema = draft.find_attribute(name);
  if (schema == nullptr) {
    if (name == "index" && draft.copy.is_copy())
      return draft.copy.index;
    if (name == "key" && !draft.copy.key.empty())
      return draft.copy.key;
    const Tree::Entry* declared =
        draft.is_node() && draft.keys != nullptr ? draft.keys->find("attributes") : nullptr;
    if (draft.is_node() && (!draft.is_whole || draft.keys == nullptr ||
                            (declared != nullptr && declared->value.find(name) != nullptr)))
      throw ExpressionError{};  // The declaration is wrong, or in what is not there.
    return std::nullopt;
  }
  if (schema->phase == Phase::Known) {
    if (draft.schema->find_property(name) == nullptr || draft.written(name) == nullptr) {
      if (std::optional<Value> set = set_by_component(drafts_, draft, name, where))
        return set;
    }
    return property_of(draft, name, where);
  }
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
    if (draft->is_node())
      names = {"name", "hostname", "address", "addresses", "memory",
               "disk", "cpus",     "image",   "software",  "resources"};
    for (const Declaration& declaration : draft->attributes)
      names.push_back(declaration.schema.name);
    for (const AttributeSchema& attribute : draft->schema->attributes) {
      if (std::ranges::find(names, attribute.name) == names.end() &&
          draft->find_attribute(attribute.name) != nullptr)
        names.push_back(attribute.name);
    }
    if (draft->copy.is_copy())
      names.emplace_back("index");
    if (!draft->copy.key.empty())
      names.emplace_back("key");
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
  if (address == "parameters")
    return drafts_.parameter_names();
  for (const auto& [name, value] : drafts_.in(address))
    names.push_back(name);
  return names;
}

std::optional<Value::List> PlaceScope::elements(const Address& address) const {
  if (drafts_.find(address) != nullptr || drafts_.is_test(address))
    return std::nullopt;
  if (drafts_.is_incomplete(address))
    throw ExpressionError{};
  Value::List list;
  for (const std::string& name : members(address))
    list.push_back(*member(address, name, {}));
  return list;
}

std::string PlaceScope::component_of(const Address& address) const {
  const Draft* draft = drafts_.find(address);
  return draft == nullptr ? "" : draft->resource.component;
}

std::optional<Value> PlaceScope::copy(const Address& collection, const std::string& key) const {
  const Address* address = drafts_.keyed(collection, key);
  return address == nullptr ? std::nullopt : std::optional<Value>(Reference{*address});
}

std::optional<bool> PlaceScope::extends(const Address& address,
                                        const std::string& prototype) const {
  if (drafts_.prototypes == nullptr || !drafts_.prototypes->has(prototype)) {
    if (!drafts_.is_whole ||
        (drafts_.prototypes != nullptr && drafts_.prototypes->is_told(prototype)))
      throw ExpressionError{};
    return std::nullopt;
  }
  const Draft* node = drafts_.find(address);
  return node != nullptr && node->extended != nullptr &&
         node->extended->prototypes.contains(prototype);
}

std::vector<std::string> PlaceScope::prototypes() const {
  return drafts_.prototypes == nullptr ? std::vector<std::string>() : drafts_.prototypes->names();
}

}  // namespace encamp
