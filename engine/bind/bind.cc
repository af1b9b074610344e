#include "engine/bind/bind.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/bind/addresses.h"
#include "engine/bind/room.h"
#include "engine/error.h"
#include "engine/state/current_records.h"

namespace encamp {
namespace {

class Binder {
 public:
  Binder(Graph graph, const BindInput& input, const HostOffer& host, Diagnostics& diagnostics)
      : input_(input), host_(host), diagnostics_(diagnostics), current_(input.records) {
    bound_.graph = std::move(graph);
    bound_.deployment = input.deployment;
  }

  BoundGraph run() {
    check_room(bound_.graph, input_, host_);
    addresses_ = choose_addresses(bound_.graph, input_, current_, host_, diagnostics_);
    bound_.bindings.reserve(bound_.graph.resources.size());
    for (const Resource& resource : bound_.graph.resources) {
      const Record* record = current_.find(resource.address);
      const int generation =
          record == nullptr ? 1 : record->generation + (is_standing(*record) ? 0 : 1);
      bound_.bindings.push_back({host_.name, generation});
    }
    std::vector<std::size_t> others;  // Those that are no software.
    for (std::size_t v = 0; v < bound_.graph.resources.size(); ++v) {
      if (bound_.graph.resources[v].node.empty())
        others.push_back(v);
    }
    for (const std::size_t v : others) {
      Resource& resource = bound_.graph.resources[v];
      if (resource.component == "node")
        bind_node(resource);
      else if (resource.component == "volume")
        check_volume(resource);
    }
    for (const std::size_t v : others) {
      Resource& resource = bound_.graph.resources[v];
      if (resource.component == "network")
        bind_network(resource, bound_.bindings[v].generation);
      else if (resource.component == "image")
        bind_image(resource);
    }
    if (!diagnostics_.has_errors())
      settle_choices();
    return std::move(bound_);
  }

 private:
  void bind_node(Resource& node) {
    const std::string name = last_name(node.address);
    const std::string kind = choose_kind(node);
    check_mounts(node, kind);
    node.properties["name"] = name;
    node.properties["hostname"] = name + "." + bound_.graph.domain;
    node.properties["kind"] = kind;
    node.properties["kvm"] = choose_kvm(node, kind);
    Value::Mapping networks;
    for (const Attachment& attachment : attachments(node)) {
      const auto address = addresses_.nodes.find({node.address, attachment.network});
      if (address == addresses_.nodes.end())
        continue;  // There is a diagnostic, or the network was not found by compile.
      const Subnet& subnet = addresses_.subnets.at(child_address("networks", attachment.network));
      networks.push_back(
          {attachment.network, Value::Mapping{{"address", format_ipv4(address->second)},
                                              {"mac", mac_of(node.address, attachment.network)},
                                              {"gateway", format_ipv4(subnet.base + 1)},
                                              {"prefix", subnet.prefix}}});
    }
    node.properties["networks"] = std::move(networks);
  }

  // To be emptied a volume is mounted by a container.
  void check_volume(const Resource& volume) const {
    if (!host_.inventory.containers)
      throw Error(ErrorKind::Unavailable,
                  fmt::format("'{}' wants a host with containers, and host '{}' has none",
                              volume.address, host_.name))
          .with_hint("encamp doctor");
  }

  void check_mounts(const Resource& node, const std::string& kind) const {
    const auto mounts = node.properties.find("mounts");
    if (kind != "machine" || host_.inventory.virtiofs || mounts == node.properties.end() ||
        !mounts->second.is_mapping() || mounts->second.mapping().empty())
      return;
    throw Error(ErrorKind::Unavailable,
                fmt::format("'{}' is a virtual machine and mounts '{}', and host '{}' has no "
                            "virtiofs",
                            node.address, mounts->second.mapping().front().key, host_.name))
        .with_hint(
            "install virtiofsd there (of qemu-system-common in Debian 12), or let it be a "
            "container");
  }

  std::string choose_kind(const Resource& node) const {
    const auto written = node.properties.find("isolation");
    const std::string isolation = written == node.properties.end() ? "any" : written->second.text();
    const bool container_will_do = isolation != "vm";
    const bool machine_will_do = isolation != "container";
    if (const Record* record = current_.find_standing(node.address);
        record != nullptr && record->properties.contains("kind")) {
      const std::string& recorded = record->properties.at("kind").text();
      if (recorded == "container" ? container_will_do : machine_will_do)
        return recorded;
    }
    if (container_will_do && host_.inventory.containers)
      return "container";
    if (machine_will_do && host_.inventory.machines)
      return "machine";
    throw Error(ErrorKind::Unavailable,
                fmt::format("'{}' wants {}, and host '{}' has none", node.address,
                            isolation == "vm"          ? "a virtual machine"
                            : isolation == "container" ? "a container"
                                                       : "a container or a virtual machine",
                            host_.name))
        .with_hint("encamp doctor");
  }

  // KVM that appears on a host, or goes, replaces nothing.
  bool choose_kvm(const Resource& node, const std::string& kind) const {
    if (kind != "machine")
      return false;
    const Record* record = current_.find_standing(node.address);
    if (record != nullptr && record->properties.contains("kvm") &&
        record->properties.at("kind") == Value(kind))
      return record->properties.at("kvm").boolean();
    return host_.inventory.kvm;
  }

  // 52:54 is QEMU's own beginning, locally administered. The rest follows from whose it is, and
  // stays the same over replacements: nobody's neighbour table is wrong then.
  std::string mac_of(const Address& node, const std::string& network) const {
    const std::string digest = uuid_of({input_.deployment, node, 1}, "mac " + network);
    return fmt::format("52:54:{}:{}:{}:{}", digest.substr(0, 2), digest.substr(2, 2),
                       digest.substr(4, 2), digest.substr(6, 2));
  }

  void bind_network(Resource& network, int generation) {
    const auto subnet = addresses_.subnets.find(network.address);
    if (subnet == addresses_.subnets.end())
      return;  // There is a diagnostic.
    network.properties["subnet"] = to_string(subnet->second);
    network.properties["gateway"] = format_ipv4(subnet->second.base + 1);
    network.properties["domain"] = bound_.graph.domain;
    bind_generation(network.properties, network, input_.deployment, generation);
    Value::List names;
    for (const Resource& node : bound_.graph.resources) {
      const auto address = addresses_.nodes.find({node.address, last_name(network.address)});
      if (node.component != "node" || address == addresses_.nodes.end())
        continue;
      names.push_back(Value::Mapping{
          {"address", format_ipv4(address->second)},
          {"names", Value::List{node.properties.at("hostname"), node.properties.at("name")}}});
    }
    network.properties["names"] = std::move(names);
  }

  void bind_image(Resource& image) {
    std::set<std::string> kinds;
    for (const Resource& node : bound_.graph.resources) {
      const auto used = node.properties.find("image");
      if (node.component == "node" && used != node.properties.end() &&
          used->second == Value(Reference{image.address}))
        kinds.insert(node.properties.at("kind").text());
    }
    image.properties["kinds"] = Value::List(kinds.begin(), kinds.end());
  }

  void settle_choices() {
    const Lookup lookup = make_lookup(bound_, nullptr);
    for (Resource& resource : bound_.graph.resources)
      resource.properties = settle(resource.properties, lookup);
  }

  const BindInput& input_;
  const HostOffer& host_;
  Diagnostics& diagnostics_;
  const CurrentRecords current_;
  BoundGraph bound_;
  Addresses addresses_;
};

const HostOffer* find_host(const BindInput& input, const std::string& name) {
  const auto host = std::ranges::find(input.hosts, name, &HostOffer::name);
  return host == input.hosts.end() ? nullptr : &*host;
}

// The node that says by `host` where all are, or nullptr.
const Resource* find_pinned(const Graph& graph) {
  const Resource* pinned = nullptr;
  for (const Resource& node : graph.resources) {
    if (node.component != "node")
      continue;
    const auto host = node.properties.find("host");
    if (host == node.properties.end())
      continue;
    if (pinned != nullptr && host->second != pinned->properties.at("host"))
      throw Error(ErrorKind::Unavailable,
                  fmt::format("'{}' wants host '{}' and '{}' wants host '{}', and all nodes of a "
                              "site are on one",
                              pinned->address, pinned->properties.at("host").text(), node.address,
                              host->second.text()));
    pinned = &node;
  }
  return pinned;
}

// The hosts that may be tried: the one where the deployment is already, else the one that nodes are
// pinned to, else all.
std::vector<const HostOffer*> candidates(const Graph& graph, const BindInput& input) {
  std::vector<const HostOffer*> found;
  const Resource* pinned = find_pinned(graph);
  const std::string wanted = pinned == nullptr ? "" : pinned->properties.at("host").text();
  for (const Record& record : input.records) {
    if (record.host.empty() || record.life == Life::Removed || record.life == Life::Gone)
      continue;
    if (pinned != nullptr && record.host != wanted)
      throw Error(ErrorKind::Conflict, fmt::format("'{}' wants host '{}', and the deployment is on "
                                                   "host '{}'",
                                                   pinned->address, wanted, record.host))
          .with_hint("take it down first, or deploy a second one with another --name");
    const HostOffer* host = find_host(input, record.host);
    if (host == nullptr)
      throw Error(ErrorKind::Unavailable, fmt::format("host '{}', where '{}' is, is not there",
                                                      record.host, record.address))
          .with_hint("encamp doctor");
    return {host};
  }
  if (pinned != nullptr) {
    const HostOffer* host = find_host(input, wanted);
    if (host == nullptr)
      throw Error(ErrorKind::Unavailable,
                  fmt::format("'{}' wants host '{}', and there is none of that name",
                              pinned->address, wanted))
          .with_hint("hosts are listed in hosts.yaml, and by 'encamp doctor'");
    return {host};
  }
  for (const HostOffer& host : input.hosts)
    found.push_back(&host);
  return found;
}

}  // namespace

BoundGraph bind(Graph graph, const BindInput& input, Diagnostics& diagnostics) {
  std::optional<Error> refused;  // By the first host; what the others say is detail.
  const std::vector<const HostOffer*> hosts = candidates(graph, input);
  for (const HostOffer* host : hosts) {
    try {
      const bool is_last = host == hosts.back();
      return Binder(is_last ? std::move(graph) : graph, input, *host, diagnostics).run();
    } catch (const Error& error) {
      if (refused)
        refused->with_detail(fmt::format("{}{}{}", refused->detail(),
                                         refused->detail().empty() ? "" : "\n", error.what()));
      else
        refused = error;
    }
  }
  if (!refused)
    refused = Error(ErrorKind::Unavailable, "there is no host").with_hint("encamp doctor");
  throw *refused;
}

void check_addresses(const Graph& graph, Diagnostics& diagnostics) {
  choose_addresses(graph, {}, CurrentRecords({}), {"a host where nothing is in use", {}},
                   diagnostics);
}

void bind_generation(Properties& properties, const Resource& resource,
                     const std::string& deployment, int generation) {
  if (resource.component == "network") {
    std::string digits = uuid_of({deployment, resource.address, generation}, "network");
    std::erase(digits, '-');
    properties["bridge"] = "camp" + digits.substr(0, 10);
  }
}

Reservation reservation_of(const BoundGraph& bound) {
  const Demand demand = demand_of(bound.graph);
  Reservation reservation{.deployment = bound.deployment,
                          .name = bound.graph.site,
                          .host = bound.bindings.empty() ? "" : bound.bindings.front().host,
                          .subnets = {},
                          .memory = demand.memory,
                          .disk = demand.disk};
  for (const Resource& resource : bound.graph.resources) {
    if (resource.component == "network")
      reservation.subnets.push_back(resource.properties.at("subnet").text());
  }
  return reservation;
}

}  // namespace encamp
