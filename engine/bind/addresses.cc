#include "engine/bind/addresses.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/error.h"
#include "engine/state/current_records.h"

namespace encamp {
namespace {

constexpr Subnet kAutomatic{(10U << 24U) | (64U << 16U), 10};  // 10.64.0.0/10
constexpr Ipv4 kFirstNode = 10;  // Below it there is room for a person's own things.

std::uint32_t hash(std::string_view text) {  // FNV-1a
  std::uint32_t value = 2166136261U;
  for (const char c : text)
    value = (value ^ static_cast<unsigned char>(c)) * 16777619U;
  return value;
}

class AddressChooser {
 public:
  AddressChooser(const Graph& graph, const BindInput& input, const CurrentRecords& current,
                 const HostOffer& host, Diagnostics& diagnostics)
      : graph_(graph), input_(input), host_(host), diagnostics_(diagnostics), current_(current) {}

  Addresses run() {
    find_busy();
    // What is written or recorded first, so that what is chosen keeps out of its way.
    std::vector<const Resource*> open;
    for (const Resource& resource : graph_.resources) {
      if (resource.component == "network" && !take_fixed_subnet(resource))
        open.push_back(&resource);
    }
    for (const Resource* network : open)
      choose_subnet(*network);
    for (const auto& [network, subnet] : chosen_.subnets)
      assign(*graph_.find(network), subnet);
    return std::move(chosen_);
  }

 private:
  std::optional<Subnet> recorded_subnet(const Address& network) const {
    const Record* record = current_.find_standing(network);
    if (record == nullptr || !record->properties.contains("subnet"))
      return std::nullopt;
    return parse_subnet(record->properties.at("subnet").text());
  }

  // Everything in use on the host but by this deployment's own networks.
  void find_busy() {
    std::set<std::string> own;
    for (const Record& record : input_.records) {
      const bool there = is_standing(record) || record.life == Life::Removing;
      if (record.component == "network" && there && record.properties.contains("subnet"))
        own.insert(record.properties.at("subnet").text());
    }
    for (const std::string& text : host_.inventory.subnets) {
      const auto subnet = parse_subnet(text);
      if (subnet && !own.contains(to_string(*subnet)))
        busy_.emplace_back(*subnet, "in use on the host");
    }
    for (const Reservation& reservation : input_.reservations) {
      if (reservation.host != host_.name || reservation.deployment == input_.deployment)
        continue;
      for (const std::string& text : reservation.subnets) {
        if (const auto subnet = parse_subnet(text))
          busy_.emplace_back(*subnet, fmt::format("reserved by '{}'", reservation.name));
      }
    }
  }

  const std::pair<Subnet, std::string>* find_busy_with(const Subnet& subnet) const {
    const auto found = std::ranges::find_if(
        busy_, [&](const auto& other) { return other.first.overlaps(subnet); });
    return found == busy_.end() ? nullptr : &*found;
  }

  bool take_fixed_subnet(const Resource& network) {
    const auto written = network.properties.find("subnet");
    const bool automatic = written == network.properties.end() || !written->second.is_text() ||
                           written->second.text() == "auto";
    const auto recorded = recorded_subnet(network.address);
    const auto subnet = automatic ? recorded : parse_subnet(written->second.text());
    if (!subnet && automatic)
      return false;
    const Span where = network.place("subnet");
    if (!subnet || subnet->prefix > 29) {
      diagnostics_.add(
          {.code = "invalid-subnet",
           .summary = fmt::format("'{}' is no subnet for nodes", written->second.text()),
           .where = where,
           .hint = "write it as 10.0.0.0/24, at most /29"});
      return true;
    }
    for (const auto& [other, taken] : chosen_.subnets) {
      if (!taken.overlaps(*subnet))
        continue;
      diagnostics_.add(
          {.code = "overlapping-subnets",
           .summary = fmt::format("the subnets of '{}' and '{}' overlap", network.address, other),
           .where = where,
           .notes = {{"the other one", graph_.find(other)->place("subnet")}}});
    }
    const auto* collision = recorded == subnet ? nullptr : find_busy_with(*subnet);
    if (collision != nullptr)
      throw Error(
          ErrorKind::Conflict,
          fmt::format("subnet {} of '{}' collides with {} on host '{}', {}", to_string(*subnet),
                      network.address, to_string(collision->first), host_.name, collision->second))
          .with_hint("leave 'subnet' out to have a free one chosen");
    chosen_.subnets.emplace(network.address, *subnet);
    return true;
  }

  void choose_subnet(const Resource& network) {
    // Network address, gateway, what is kept free below the first node, broadcast.
    std::size_t wanted = kFirstNode + 1;
    for (const Resource& node : graph_.resources) {
      if (node.component == "node")
        wanted += static_cast<std::size_t>(std::ranges::count(
            attachments(node), last_name(network.address), &Attachment::network));
    }
    int prefix = 24;
    while (prefix > kAutomatic.prefix && (std::size_t{1} << (32U - unsigned(prefix))) < wanted)
      --prefix;
    const Ipv4 size = Ipv4{1} << (32U - unsigned(prefix));
    const Ipv4 blocks = Ipv4{1} << unsigned(prefix - kAutomatic.prefix);
    const Ipv4 start = hash(input_.deployment + network.address);
    for (Ipv4 i = 0; i < blocks; ++i) {
      const Subnet subnet{kAutomatic.base + (start + i) % blocks * size, prefix};
      const bool taken = std::ranges::any_of(
          chosen_.subnets, [&](const auto& other) { return other.second.overlaps(subnet); });
      if (taken || find_busy_with(subnet) != nullptr)
        continue;
      chosen_.subnets.emplace(network.address, subnet);
      return;
    }
    throw Error(ErrorKind::NoRoom,
                fmt::format("no free /{} is left for '{}' in {} on host '{}'", prefix,
                            network.address, to_string(kAutomatic), host_.name))
        .with_hint("write a 'subnet' for the network");
  }

  void assign(const Resource& network, const Subnet& subnet) {
    const std::string name = last_name(network.address);
    std::map<Ipv4, Span> taken;
    std::vector<const Resource*> open;
    for (const Resource& node : graph_.resources) {
      if (node.component != "node")
        continue;
      for (const Attachment& attachment : attachments(node)) {
        if (attachment.network != name)
          continue;
        if (attachment.address)
          take_written(node, network, subnet, *attachment.address, taken);
        else
          open.push_back(&node);
      }
    }
    // Recorded addresses stay with their nodes; those of nodes that are being removed stay free
    // until they are gone.
    std::vector<const Resource*> fresh;
    for (const Resource* node : open) {
      const auto address = recorded_address(current_.find_standing(node->address), name);
      if (address && is_usable(*address, subnet) && taken.emplace(*address, node->where).second)
        chosen_.nodes[{node->address, name}] = *address;
      else
        fresh.push_back(node);
    }
    for (const Record& record : input_.records) {
      const bool there = record.life != Life::Removed && record.life != Life::Gone;
      if (const auto address = recorded_address(there ? &record : nullptr, name))
        taken.emplace(*address, Span{});
    }
    Ipv4 next = subnet.base + (subnet.prefix <= 27 ? kFirstNode : 2);
    for (const Resource* node : fresh) {
      while (next < subnet.last() && taken.contains(next))
        ++next;
      if (next >= subnet.last()) {
        refuse_full_subnet(network, subnet, *node);
        return;
      }
      chosen_.nodes[{node->address, name}] = next++;
    }
  }

  void refuse_full_subnet(const Resource& network, const Subnet& subnet, const Resource& node) {
    const std::string summary = fmt::format("subnet {} of '{}' has no address left for '{}'",
                                            to_string(subnet), network.address, node.address);
    if (!network.places.contains("subnet"))
      throw Error(ErrorKind::NoRoom, summary)
          .with_hint("give the network a larger 'subnet'; it will be replaced");
    diagnostics_.add({.code = "subnet-too-small",
                      .summary = summary,
                      .where = network.place("subnet"),
                      .hint = "write a larger one",
                      .notes = {{"the node", node.where}}});
  }

  void take_written(const Resource& node, const Resource& network, const Subnet& subnet,
                    const std::string& text, std::map<Ipv4, Span>& taken) {
    const auto address = parse_ipv4(text);
    const Span where =
        node.place("networks." + std::string(last_name(network.address)) + ".address");
    if (!address || !is_usable(*address, subnet)) {
      diagnostics_.add({.code = "address-outside-subnet",
                        .summary = fmt::format("'{}' is no address for a node in {} of '{}'", text,
                                               to_string(subnet), network.address),
                        .where = where,
                        .hint = "the first two addresses and the last of a subnet are not for "
                                "nodes; give the network a 'subnet'",
                        .notes = {{"the network", network.place("subnet")}}});
      return;
    }
    const auto [first, fresh] = taken.emplace(*address, where);
    if (!fresh)
      diagnostics_.add(
          {.code = "duplicate-address",
           .summary = fmt::format("address {} is given twice in '{}'", text, network.address),
           .where = where,
           .notes = {{"first here", first->second}}});
    chosen_.nodes[{node.address, last_name(network.address)}] = *address;
  }

  static bool is_usable(Ipv4 address, const Subnet& subnet) {
    return subnet.contains(address) && address > subnet.base + 1 && address < subnet.last();
  }

  static std::optional<Ipv4> recorded_address(const Record* record, const std::string& network) {
    if (record == nullptr || record->component != "node" ||
        !record->properties.contains("networks"))
      return std::nullopt;
    const Value* entry = record->properties.at("networks").find(network);
    const Value* address = entry == nullptr ? nullptr : entry->find("address");
    return address == nullptr ? std::nullopt : parse_ipv4(address->text());
  }

  const Graph& graph_;
  const BindInput& input_;
  const HostOffer& host_;
  Diagnostics& diagnostics_;
  const CurrentRecords& current_;
  std::vector<std::pair<Subnet, std::string>> busy_;  // And by whom.
  Addresses chosen_;
};

std::string name_of(const Value& network) {
  return network.is_reference() ? last_name(network.reference()) : network.text();
}

}  // namespace

std::vector<Attachment> attachments(const Resource& node) {
  std::vector<Attachment> result;
  const auto networks = node.properties.find("networks");
  if (networks == node.properties.end())
    return result;
  if (networks->second.is_list()) {
    for (const Value& network : networks->second.list())
      result.push_back({name_of(network), std::nullopt});
  } else if (networks->second.is_mapping()) {
    for (const Value::Entry& entry : networks->second.mapping()) {
      const Value* address = entry.value.find("address");
      result.push_back({entry.key, address != nullptr && address->is_text()
                                       ? std::optional(address->text())
                                       : std::nullopt});
    }
  }
  return result;
}

Addresses choose_addresses(const Graph& graph, const BindInput& input,
                           const CurrentRecords& current, const HostOffer& host,
                           Diagnostics& diagnostics) {
  return AddressChooser(graph, input, current, host, diagnostics).run();
}

}  // namespace encamp
