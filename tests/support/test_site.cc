#include "tests/support/test_site.h"

#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "engine/bind/addresses.h"
#include "engine/graph/compile.h"
#include "tests/support/test_registry.h"

namespace encamp::test {

Resource network(const std::string& name, Properties properties) {
  return {.address = child_address("networks", name),
          .component = "network",
          .properties = std::move(properties)};
}

Resource node(const std::string& name, Properties properties) {
  properties.emplace("memory", Bytes::mebi(256));
  properties.emplace("disk", Bytes::gibi(4));
  properties.emplace("image", Reference{"images.debian"});
  properties.emplace("networks", Value::List{"lan"});
  return {.address = child_address("nodes", name),
          .component = "node",
          .properties = std::move(properties)};
}

Resource item(const std::string& on, const std::string& component, const Value& what,
              Properties properties, std::vector<Need> needs) {
  const Registry registry = test_registry();
  properties[registry.get(component).schema().subject] = what;
  std::string name = component;
  for (const Value& part : what.is_list() ? what.list() : Value::List{what})
    name += (name == component ? " " : ", ") + part.text();
  const Address parent = child_address("nodes", on);
  return {
      .address = child_address(parent + ".software", component == "service" ? what.text() : name),
      .component = component,
      .properties = std::move(properties),
      .needs = std::move(needs),
      .node = parent};
}

Site site_of(std::vector<Resource> rest) {
  Site site{.name = "hello", .domain = "hello.test"};
  site.resources = {
      network("lan"),
      {.address = "images.debian", .component = "image", .properties = {{"debian", "bookworm"}}}};
  for (Resource& resource : rest)
    site.resources.push_back(std::move(resource));
  std::string text;
  for (const Resource& resource : site.resources)
    text += resource.address + "\n";
  const auto file = std::make_shared<SourceFile>("site.yaml", text);
  int line = 0;
  for (Resource& resource : site.resources) {
    resource.where = {file, ++line, 1, static_cast<int>(resource.address.size())};
    for (Need& need : resource.needs)
      need.where = resource.where;
  }
  return site;
}

Site hello() {
  return site_of({node("web"), item("web", "package", Value::List{"nginx-light", "curl"}),
                  item("web", "file", "/var/www/html/index.html", {{"content", "hello\n"}}),
                  item("web", "service", "nginx")});
}

HostOffer big_host() {
  Inventory inventory;
  inventory.containers = true;
  inventory.machines = true;
  inventory.memory = Bytes::gibi(8);
  inventory.disk = Bytes::gibi(100);
  return {"here", inventory};
}

Graph compiled(const Site& site, const Registry& registry) {
  Diagnostics diagnostics;
  Graph graph = compile(site, registry, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all())
    ADD_FAILURE() << render(diagnostic);
  return graph;
}

BoundGraph bound(const Site& site, const Registry& registry, std::vector<Record> records) {
  Diagnostics diagnostics;
  BoundGraph result =
      bind(compiled(site, registry),
           {.deployment = kDeployment, .records = std::move(records), .hosts = {big_host()}},
           diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.all())
    ADD_FAILURE() << render(diagnostic);
  return result;
}

std::vector<Record> executed(const Plan& plan, std::vector<Record> records) {
  const auto end = [&records](const Record& record) {
    std::erase_if(records, [&](const Record& other) {
      return other.address == record.address && other.generation == record.generation;
    });
  };
  for (const Action& action : plan.actions) {
    if (action.verb == Action::Verb::Keep)
      continue;
    if (action.record)
      end(*action.record);
    for (const Record& record : action.within)
      end(record);
    if (action.verb == Action::Verb::Remove)
      continue;
    Record record{.address = action.address(),
                  .generation = action.generation,
                  .component = action.resource->component,
                  .life = Life::Present,
                  .host = action.host,
                  .properties = action.properties};
    for (const std::size_t need : action.needs) {
      if (plan.actions[need].verb != Action::Verb::Remove)
        record.needs.push_back(plan.actions[need].address());
    }
    records.push_back(std::move(record));
  }
  return records;
}

std::vector<Record> deployed(const Site& site, const Registry& registry) {
  return executed(make_plan(bound(site, registry), registry, {}));
}

Record& record_of(std::vector<Record>& records, const Address& address) {
  return *std::ranges::find(records, address, &Record::address);
}

}  // namespace encamp::test
