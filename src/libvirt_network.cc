#include "src/libvirt_network.h"

#include <algorithm>
#include <bit>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <libvirt/virterror.h>

#include "src/libvirt_error.h"
#include "src/libvirt_handle.h"
#include "src/libvirt_xml.h"
#include "src/local_chores.h"

namespace encamp {
namespace {

Element host_element(const HostName& host) {
  Element element("host");
  element.set("ip", host.address);
  for (const std::string& name : host.names)
    element.add(Element("hostname").text(name));
  return element;
}

/// `10.1.2.0/24` of an address in it with a prefix or netmask; empty when it is none of IPv4.
std::string subnet_of(const std::string& address, const std::string& netmask, std::int64_t prefix) {
  in_addr ip{};
  in_addr mask{};
  if (inet_pton(AF_INET, address.c_str(), &ip) != 1)
    return {};
  if (inet_pton(AF_INET, netmask.c_str(), &mask) == 1)
    prefix = std::popcount(mask.s_addr);
  if (prefix < 1 || prefix > 32)
    return {};
  ip.s_addr &= htonl(~std::uint32_t{0} << (32 - prefix));
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &ip, text, sizeof text);
  return fmt::format("{}/{}", text, prefix);
}

NetworkHandle find_network_by_uuid(virConnectPtr connection, const Claim& claim) {
  NetworkHandle network(virNetworkLookupByUUIDString(connection, claim.uuid.c_str()));
  if (network == nullptr && !last_error_is(VIR_ERR_NO_NETWORK))
    throw libvirt_error(fmt::format("cannot look up network '{}'", claim.name));
  return network;
}

NetworkHandle find_network_by_name(virConnectPtr connection, const Claim& claim) {
  NetworkHandle network(virNetworkLookupByName(connection, claim.name.c_str()));
  if (network == nullptr && !last_error_is(VIR_ERR_NO_NETWORK))
    throw libvirt_error(fmt::format("cannot look up network '{}'", claim.name));
  return network;
}

std::string description_of(virNetworkPtr network) {
  const std::string name = virNetworkGetName(network);
  std::string xml = take_text(virNetworkGetXMLDesc(network, 0));
  if (xml.empty())
    throw libvirt_error(fmt::format("cannot read network '{}'", name));
  return xml;
}

bool is_active(virNetworkPtr network) {
  const std::string name = virNetworkGetName(network);
  const int active = virNetworkIsActive(network);
  if (active < 0)
    throw libvirt_error(fmt::format("cannot look at network '{}'", name));
  return active == 1;
}

std::string gateway_of(const std::string& xml) {
  return XmlDocument(xml).value("/network/ip[not(@family='ipv6')]/@address");
}

void update_host(virNetworkPtr network, virNetworkUpdateCommand command, const HostName& host) {
  const std::string name = virNetworkGetName(network);
  const unsigned flags =
      VIR_NETWORK_UPDATE_AFFECT_CONFIG |
      (is_active(network) ? VIR_NETWORK_UPDATE_AFFECT_LIVE : VIR_NETWORK_UPDATE_AFFECT_CONFIG);
  if (virNetworkUpdate(network, command, VIR_NETWORK_SECTION_DNS_HOST, -1,
                       host_element(host).str().c_str(), flags) != 0)
    throw libvirt_error(
        fmt::format("cannot update the names of network '{}' for address {}", name, host.address));
}

/// libvirt looks after its DNS server only when it has something to tell it; then it starts one
/// that is gone.
void revive_dns(virNetworkPtr network, const std::string& gateway) {
  const HostName nobody{.address = gateway, .names = {"encamp-revives-dns.invalid"}};
  update_host(network, VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, nobody);
  update_host(network, VIR_NETWORK_UPDATE_COMMAND_DELETE, nobody);
}

/// After a libvirtd was killed while it started a network.
void clear_the_way(virConnectPtr connection, const std::string& bridge,
                   const std::string& network) {
  virNetworkPtr* array = nullptr;
  const int count = virConnectListAllNetworks(connection, &array, VIR_CONNECT_LIST_NETWORKS_ACTIVE);
  if (count < 0)
    throw libvirt_error("cannot list networks");
  const std::vector<NetworkHandle> active = take_all<NetworkHandle>(array, count);
  const bool used = std::ranges::any_of(active, [&](const NetworkHandle& each) {
    return take_text(virNetworkGetBridgeName(each.get())) == bridge;
  });
  if (!used)
    local::remove_forgotten_bridge(bridge, network);
}

}  // namespace

std::string network_xml(const NetworkSpec& spec) {
  Element network("network");
  network.add(Element("name").text(spec.claim.name));
  network.add(Element("uuid").text(spec.claim.uuid));
  network.add(owner_metadata(spec.owner));
  if (spec.nat)
    network.add(Element("forward").set("mode", "nat"));
  network.add(Element("bridge").set("name", spec.bridge).set("stp", "off").set("delay", "0"));
  if (!spec.domain.empty())
    network.add(Element("domain").set("name", spec.domain).set("localOnly", "yes"));
  if (!spec.names.empty()) {
    Element dns("dns");
    for (const HostName& host : spec.names)
      dns.add(host_element(host));
    network.add(std::move(dns));
  }
  const std::size_t slash = spec.subnet.find('/');
  if (slash == std::string::npos)
    throw Error(ErrorKind::Failed, fmt::format("'{}' is no subnet", spec.subnet));
  network.add(
      Element("ip").set("address", spec.gateway).set("prefix", spec.subnet.substr(slash + 1)));
  return network.str();
}

NetworkState network_state(const std::string& xml) {
  const XmlDocument document(xml);
  NetworkState state;
  state.owner = find_owner(document);
  state.uuid = document.value("/network/uuid");
  const std::string ip = "/network/ip[not(@family='ipv6')]";
  state.subnet = subnet_of(document.value(ip + "/@address"), document.value(ip + "/@netmask"),
                           document.number(ip + "/@prefix"));
  const std::string hosts = "/network/dns/host";
  const std::size_t count = document.values(hosts).size();
  for (std::size_t i = 1; i <= count; ++i) {
    const std::string host = fmt::format("{}[{}]", hosts, i);
    state.names.push_back(
        {.address = document.value(host + "/@ip"), .names = document.values(host + "/hostname")});
  }
  return state;
}

std::string bridge_of(const std::string& uuid) {
  std::string digits = uuid;
  std::erase(digits, '-');
  return "camp" + digits.substr(0, 10);
}

std::optional<NetworkState> LibvirtNetworks::find(const Claim& claim) {
  return connections_.any().with([&](virConnectPtr connection) -> std::optional<NetworkState> {
    NetworkHandle network = find_network_by_uuid(connection, claim);
    if (network == nullptr)
      network = find_network_by_name(connection, claim);
    if (network == nullptr)
      return std::nullopt;
    const std::string xml = description_of(network.get());
    NetworkState state = network_state(xml);
    state.active = is_active(network.get());
    if (state.active && state.owner && connections_.is_local())
      state.healthy = local::answers_dns(gateway_of(xml));
    return state;
  });
}

void LibvirtNetworks::create(const NetworkSpec& spec) {
  connections_.any().with([&](virConnectPtr connection) {
    NetworkHandle network = find_network_by_uuid(connection, spec.claim);
    if (network == nullptr) {
      network.reset(virNetworkDefineXML(connection, network_xml(spec).c_str()));
      if (network == nullptr)
        throw libvirt_error(fmt::format("cannot define network '{}'", spec.claim.name));
    }
    if (is_active(network.get())) {
      if (connections_.is_local() && !local::answers_dns(spec.gateway))
        revive_dns(network.get(), spec.gateway);
      return;
    }
    if (connections_.is_local())
      clear_the_way(connection, spec.bridge, spec.claim.name);
    if (virNetworkCreate(network.get()) != 0) {
      const Error error = libvirt_error(fmt::format("cannot start network '{}'", spec.claim.name));
      if (!is_active(network.get()))
        throw Error(error);
    }
  });
}

void LibvirtNetworks::set_names(const Claim& claim, const std::vector<HostName>& names) {
  connections_.any().with([&](virConnectPtr connection) {
    const NetworkHandle network = find_network_by_uuid(connection, claim);
    if (network == nullptr)
      throw Error(ErrorKind::NotFound, fmt::format("network '{}' is gone", claim.name))
          .with_hint("encamp up makes it again");
    const std::string xml = description_of(network.get());
    const std::vector<HostName> present = network_state(xml).names;
    const auto is_in = [](const std::vector<HostName>& list, const HostName& host) {
      return std::ranges::find(list, host) != list.end();
    };
    for (const HostName& host : present)
      if (!is_in(names, host))
        update_host(network.get(), VIR_NETWORK_UPDATE_COMMAND_DELETE, host);
    for (const HostName& host : names)
      if (!is_in(present, host))
        update_host(network.get(), VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, host);
  });
}

void LibvirtNetworks::remove(const Claim& claim) {
  connections_.any().with([&](virConnectPtr connection) {
    const NetworkHandle network = find_network_by_uuid(connection, claim);
    if (network != nullptr) {
      if (virNetworkDestroy(network.get()) != 0 && !last_error_is(VIR_ERR_OPERATION_INVALID) &&
          !last_error_is(VIR_ERR_NO_NETWORK))
        throw libvirt_error(fmt::format("cannot stop network '{}'", claim.name));
      if (virNetworkUndefine(network.get()) != 0 && !last_error_is(VIR_ERR_NO_NETWORK))
        throw libvirt_error(fmt::format("cannot remove network '{}'", claim.name));
    }
    if (connections_.is_local())
      clear_the_way(connection, bridge_of(claim.uuid), claim.name);
  });
}

std::vector<LibvirtNetworks::Listed> LibvirtNetworks::list() {
  return connections_.any().with([&](virConnectPtr connection) {
    virNetworkPtr* array = nullptr;
    const int count = virConnectListAllNetworks(connection, &array, 0);
    if (count < 0)
      throw libvirt_error("cannot list networks");
    std::vector<Listed> listed;
    for (const NetworkHandle& network : take_all<NetworkHandle>(array, count)) {
      const std::string xml = take_text(virNetworkGetXMLDesc(network.get(), 0));
      if (xml.empty())
        continue;  // Removed since it was listed.
      Listed& entry =
          listed.emplace_back(Listed{virNetworkGetName(network.get()), network_state(xml)});
      entry.state.active = virNetworkIsActive(network.get()) == 1;
      if (entry.state.active && entry.state.owner && connections_.is_local())
        entry.state.healthy = local::answers_dns(gateway_of(xml));
    }
    return listed;
  });
}

}  // namespace encamp
