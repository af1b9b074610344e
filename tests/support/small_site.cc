#include "tests/support/small_site.h"

#include <algorithm>
#include <stdexcept>

#include "tests/support/small_components.h"

namespace encamp::test {
namespace {

Resource small_item(const std::string& node, const std::string& name, const std::string& component,
                    Properties properties) {
  return {.address = child_address("nodes." + node + ".software", name),
          .component = component,
          .properties = std::move(properties),
          .node = "nodes." + node};
}

void add(BoundGraph& bound, Resource resource, const std::vector<Graph::Vertex>& needs) {
  const Graph::Vertex vertex = bound.graph.resources.size();
  for (const Graph::Vertex need : needs)
    bound.graph.edges.push_back({vertex, need, "test", {}});
  bound.graph.resources.push_back(std::move(resource));
  bound.graph.order.push_back(vertex);
  bound.bindings.push_back({"here", 1});
}

}  // namespace

void RecordedEvents::on(const Event& event) {
  const std::lock_guard lock(mutex_);
  all_.push_back(event);
}

std::vector<Event> RecordedEvents::of(Event::Kind kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<Event> found;
  std::ranges::copy_if(all_, std::back_inserter(found),
                       [&](const Event& event) { return event.kind == kind; });
  return found;
}

std::vector<Event> RecordedEvents::all() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

std::map<std::string, std::string> RecordedReport::all() const {
  const std::lock_guard lock(mutex_);
  return all_;
}

void RecordedReport::keep(const std::string& path, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  all_[path] = bytes;
}

std::string RecordedReport::at(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = all_.find(path);
  return found == all_.end() ? "" : found->second;
}

BoundGraph small_site(const std::string& deployment_id) {
  BoundGraph bound;
  bound.deployment = deployment_id;
  bound.graph.site = "lab";
  bound.graph.domain = "lab.test";
  add(bound, {.address = "networks.lan", .component = "network"}, {});
  add(bound, {.address = "storage", .component = "storage"}, {});
  for (const auto& [name, address] :
       std::vector<std::pair<std::string, std::string>>{{"web", "10.1.0.2"}, {"db", "10.1.0.3"}}) {
    const Graph::Vertex node = bound.graph.resources.size();
    const Value networks = Value::Mapping{{"lan", Value::Mapping{{"address", address}}}};
    add(bound,
        {.address = "nodes." + name,
         .component = "node",
         .properties = {{"name", name}, {"memory", Bytes::mebi(256)}, {"networks", networks}},
         .node = "nodes." + name},
        {0, 1});
    add(bound, small_item(name, "motd", "file", {{"path", "/etc/motd"}, {"content", "hi"}}),
        {node});
    add(bound, small_item(name, "hello", "command", {{"text", "echo hello"}}), {node, node + 1});
  }
  return bound;
}

SmallSite::SmallSite() {
  add_small_components(registry);
  world.shell = [](FakeMachine&, const Command& command) {
    return CommandResult{.output = command.text == "echo hello" ? "hello\n" : ""};
  };
}

Outcome SmallSite::run_up() {
  return in_process([&](Environment& environment) {
    return up(plan(), Deployment{.name = "lab", .id = kId, .tests = tests, .outputs = outputs},
              environment);
  });
}

Outcome SmallSite::run_down() {
  return in_process([](Environment& environment) { return down(environment); });
}

Resource& SmallSite::resource(const Address& address) {
  const auto found = std::ranges::find(bound.graph.resources, address, &Resource::address);
  if (found == bound.graph.resources.end())
    throw std::logic_error("no resource " + address);
  return *found;
}

std::optional<Record> SmallSite::record(const Address& address) {
  for (const Record& record : journal.records()) {
    if (record.address == address)
      return record;
  }
  return std::nullopt;
}

}  // namespace encamp::test
