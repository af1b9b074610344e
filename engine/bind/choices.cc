// What bind chose, as attributes that expressions can refer to.
#include <memory>
#include <unordered_map>
#include <utility>

#include "engine/bind/bind.h"
#include "engine/state/current_records.h"

namespace encamp {
namespace {

std::optional<Value> property(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  return found == properties.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Value> node_attribute(const Properties& properties, const std::string& attribute) {
  if (!attribute.starts_with("address")) {
    for (const char* name : {"name", "hostname", "memory", "disk", "cpus", "image"}) {
      if (attribute == name)
        return property(properties, name);
    }
    return std::nullopt;
  }
  const auto networks = properties.find("networks");
  if (networks == properties.end() || !networks->second.is_mapping())
    return std::nullopt;
  Value::Mapping addresses;
  for (const Value::Entry& entry : networks->second.mapping()) {
    const Value* address = entry.value.find("address");
    if (address == nullptr)
      return std::nullopt;  // Not bound.
    addresses.push_back({entry.key, *address});
    if (attribute == "address" || attribute == "addresses." + entry.key)
      return *address;
  }
  return attribute == "addresses" ? std::optional<Value>(std::move(addresses)) : std::nullopt;
}

}  // namespace

std::optional<Value> chosen_attribute(const std::string& component, const Properties& properties,
                                      const std::string& attribute) {
  if (component == "node")
    return node_attribute(properties, attribute);
  if (component == "network" && (attribute == "subnet" || attribute == "gateway"))
    return property(properties, attribute);
  return std::nullopt;
}

Lookup make_lookup(const BoundGraph& bound, std::function<const Attributes*(const Address&)> late) {
  // Of what has chosen attributes; made by the first question: sites are large, and often nothing
  // is asked.
  using Index = std::unordered_map<std::string_view, const Resource*>;
  return [&bound, index = std::make_shared<std::optional<Index>>(), late = std::move(late)](
             const Address& address, const std::string& attribute) -> std::optional<Value> {
    if (!*index) {
      index->emplace();
      for (const Resource& resource : bound.graph.resources) {
        if (resource.component == "node" || resource.component == "network")
          (*index)->emplace(resource.address, &resource);
      }
    }
    if (const auto found = (*index)->find(address); found != (*index)->end()) {
      const Resource& resource = *found->second;
      if (auto chosen = chosen_attribute(resource.component, resource.properties, attribute))
        return chosen;
    }
    const Attributes* attributes = late ? late(address) : nullptr;
    return attributes == nullptr ? std::nullopt : property(*attributes, attribute);
  };
}

Lookup make_lookup(std::vector<Record> records) {
  struct Rows {
    explicit Rows(std::vector<Record> rows) : all(std::move(rows)), current(all) {}
    const std::vector<Record> all;
    const CurrentRecords current;  // Into `all`, so Rows stays where it is.
  };
  return [rows = std::make_shared<const Rows>(std::move(records))](
             const Address& address, const std::string& attribute) -> std::optional<Value> {
    const Record* record = rows->current.find(address);
    if (record == nullptr || record->life != Life::Present)
      return std::nullopt;
    if (auto chosen = chosen_attribute(record->component, record->properties, attribute))
      return chosen;
    return property(record->attributes, attribute);
  };
}

}  // namespace encamp
