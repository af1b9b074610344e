#include "tests/support/test_registry.h"

#include "engine/bind/addresses.h"

namespace encamp::test {
namespace {

PropertySchema property(std::string name, OnChange on_change = OnChange::Update) {
  return {.name = std::move(name), .on_change = on_change};
}

AttributeSchema attribute(std::string name, Phase phase) {
  return {.name = std::move(name), .phase = phase};
}

void expand_node(const Resource& node, Expansion& expansion) {
  expansion.imply({.address = "storage", .component = "storage"}, "its disk");
  for (const Attachment& attachment : attachments(node))
    expansion.need(child_address("networks", attachment.network), "is on it");
  if (node.properties.contains("mounts")) {
    for (const Value::Entry& entry : node.properties.at("mounts").mapping())
      expansion.need(entry.value.reference(), "mounts it");
  }
  if (node.properties.contains("image"))
    expansion.need(node.properties.at("image").reference(), "starts from it");
}

}  // namespace

Registry test_registry() {
  Registry registry;
  const auto add = [&registry](Schema schema, TestComponent::Expand expand = {}) {
    registry.add(std::make_unique<TestComponent>(std::move(schema), std::move(expand)));
  };
  add({.component = "network",
       .section = "networks",
       .properties = {property("subnet", OnChange::Replace), property("forward"),
                      property("names")},
       .attributes = {attribute("subnet", Phase::Chosen), attribute("gateway", Phase::Chosen)}});
  add({.component = "image",
       .section = "images",
       .properties = {property("debian", OnChange::Replace), property("kinds")},
       .shared = true});
  add({.component = "storage", .section = "storage"});
  add({.component = "volume", .section = "volumes", .properties = {property("size")}});
  add({.component = "node",
       .section = "nodes",
       .properties = {property("memory"), property("disk"), property("image", OnChange::Replace),
                      property("kind", OnChange::Replace), property("kvm", OnChange::Ignore),
                      property("networks", OnChange::Replace),
                      property("mounts", OnChange::Replace)},
       .attributes = {attribute("address", Phase::Chosen), attribute("addresses", Phase::Chosen),
                      attribute("hostname", Phase::Chosen)}},
      expand_node);
  add({.component = "package",
       .section = "software",
       .subject = "packages",
       .properties = {property("packages")}});
  add({.component = "file",
       .section = "software",
       .subject = "path",
       .properties = {property("path", OnChange::Replace), property("content")}});
  add({.component = "service",
       .section = "software",
       .subject = "service",
       .properties = {property("service", OnChange::Replace), property("ready")}});
  add({.component = "command",
       .section = "software",
       .subject = "command",
       .properties = {property("command"), property("undo", OnChange::Ignore)},
       .attributes = {attribute("output", Phase::Late)}});
  return registry;
}

}  // namespace encamp::test
