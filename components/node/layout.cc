#include "components/node/layout.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/mutant.h"

namespace encamp {
namespace {

std::vector<NetworkCard> read_cards(const Value& networks) {
  std::vector<NetworkCard> all;
  for (const Value::Entry& entry : networks.mapping()) {
    const auto text = [&](const char* key) { return entry.value.find(key)->text(); };
    all.push_back({.network = entry.key,
                   .address = text("address"),
                   .mac = text("mac"),
                   .gateway = text("gateway"),
                   .prefix = entry.value.find("prefix")->integer()});
  }
  return all;
}

std::vector<Mount> read_mounts(const Properties& properties) {
  const auto written = properties.find("mounts");
  if (written == properties.end() || !written->second.is_mapping())
    return {};
  std::vector<Mount> all;
  for (const Value::Entry& entry : written->second.mapping()) {
    if (entry.value.is_reference())  // else `when` left the volume out.
      all.push_back({.path = entry.key, .volume = entry.value.reference(), .tag = {}});
  }
  std::ranges::sort(all, {}, &Mount::path);
  for (std::size_t i = 0; i < all.size(); ++i)
    all[i].tag = fmt::format("share{}", i + 1);
  return all;
}

std::string shares_file(const NodeLayout& node) {
  std::string lines;
  for (const Mount& mount : node.mounts)
    lines += fmt::format("{} {}\n", mount.tag, mount.path);
  return lines;
}

std::string disks_file(const NodeLayout& node) {
  std::string lines;
  for (std::size_t i = 0; i < node.data_disks.size(); ++i)
    lines += fmt::format("disk{} {}\n", i + 1, node.data_disks[i].path);
  return lines;
}

std::string net_file(const NodeLayout& node) {
  std::string lines;
  for (const NetworkCard& a : node.cards)
    lines += fmt::format("{} {}/{} {}\n", a.mac, a.address, a.prefix, a.gateway);
  return lines;
}

// The node itself, its full name first, because `hostname -f` prints that. All other names come
// from the network's DNS, where they can change.
std::string hosts_file(const NodeLayout& node) {
  std::string lines = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  if (!node.cards.empty())
    lines += fmt::format("{} {} {}\n", node.cards.front().address, node.hostname, node.name);
  return lines;
}

std::string resolver_file(const NodeLayout& node) {
  const std::string domain =
      node.hostname.substr(std::min(node.name.size() + 1, node.hostname.size()));
  std::string lines = domain.empty() ? "" : "search " + domain + "\n";
  if (!node.cards.empty())
    lines += "nameserver " + node.cards.front().gateway + "\n";
  return lines;
}

// The path of a container's disk may have 63 bytes in all (docs/nodes.md).
std::string volume_prefix(const std::string& name, const Owner& owner, const std::string& uuid) {
  constexpr std::size_t kLongest = 13;
  const std::string shorter =
      name.size() <= kLongest ? name : name.substr(0, 4) + "-" + uuid.substr(0, 8);
  return fmt::format("{}.{}", shorter, owner.generation);
}

}  // namespace

NodeLayout::NodeLayout(const Properties& properties, const Owner& owner,
                       const std::string& deployment)
    : name(properties.at("name").text()),
      hostname(properties.at("hostname").text()),
      isolation(properties.at("kind").text() == "machine" ? Isolation::Machine
                                                          : Isolation::Container),
      memory(properties.at("memory").bytes()),
      disk_size(properties.at("disk").bytes()),
      cards(read_cards(properties.at("networks"))),
      mounts(read_mounts(properties)),
      data_disks(data_disks_of(properties)) {
  const std::string pool = "encamp." + deployment;
  guest = {.kind = Claim::Kind::Guest,
           .name = fmt::format("encamp.{}.{}", deployment, name),
           .uuid = uuid_of(owner, "guest")};
  const std::string volumes = volume_prefix(name, owner, guest.uuid);
  disk = {.kind = Claim::Kind::Volume, .name = volumes + ".disk", .uuid = "", .pool = pool};
  console = {.kind = Claim::Kind::Volume, .name = volumes + ".console", .uuid = "", .pool = pool};
  for (std::size_t i = 0; i < data_disks.size(); ++i)
    data_disks[i].claim = {.kind = Claim::Kind::Volume,
                           .name = fmt::format("{}.d{}", volumes, i + 1),
                           .uuid = "",
                           .pool = pool};
  machine_id = uuid_of(owner, "machine-id");
  std::erase(machine_id, '-');
}

std::vector<Claim> NodeLayout::claims() const {
  if (mutant("guest-is-the-only-claim") && isolation == Isolation::Container)
    return {guest};
  std::vector<Claim> all{guest, disk};
  if (isolation == Isolation::Machine)
    all.push_back(console);
  for (const DataDisk& data : data_disks)
    all.push_back(data.claim);
  return all;
}

VolumeId volume_of(const Claim& claim) {
  return {.pool = claim.pool, .name = claim.name};
}

std::vector<DiskFile> disk_files(const NodeLayout& node, const Identity& identity) {
  return {{"net", 0644, net_file(node)},
          {"shares", 0644, shares_file(node)},
          {"disks", 0644, disks_file(node)},
          {"identity/etc/hostname", 0644, node.name + "\n"},
          {"identity/etc/hosts", 0644, hosts_file(node)},
          {"identity/etc/resolv.conf", 0644, resolver_file(node)},
          {"identity/etc/machine-id", 0444, node.machine_id + "\n"},
          {"identity/etc/ssh/ssh_host_ed25519_key", 0600, identity.host_private_key},
          {"identity/etc/ssh/ssh_host_ed25519_key.pub", 0644, identity.host_public_key + "\n"},
          {"identity/root/.ssh/authorized_keys", 0600,
           fmt::format("{}\n", fmt::join(identity.authorized_keys, "\n"))}};
}

}  // namespace encamp
