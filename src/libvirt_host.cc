#include "src/libvirt_host.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "src/libvirt_connection.h"
#include "src/libvirt_error.h"
#include "src/libvirt_guest.h"
#include "src/libvirt_handle.h"
#include "src/libvirt_kvm.h"
#include "src/libvirt_network.h"
#include "src/libvirt_storage.h"
#include "src/libvirt_xml.h"
#include "src/local_chores.h"

namespace encamp {
namespace {

// virNodeGetInfo leaves out memory that was plugged in after the boot; the statistics do not, but
// not every driver has them.
Bytes memory_of(LibvirtConnections& connections) {
  return connections.any().with([](virConnectPtr connection) {
    virNodeInfo info{};
    if (virNodeGetInfo(connection, &info) != 0)
      throw libvirt_error("cannot ask for the host's memory");
    unsigned long long kibibytes = info.memory;
    int count = 0;
    if (virNodeGetMemoryStats(connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, nullptr, &count, 0) ==
        0) {
      std::vector<virNodeMemoryStats> stats(static_cast<std::size_t>(count));
      if (virNodeGetMemoryStats(connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats.data(), &count,
                                0) == 0) {
        for (const virNodeMemoryStats& stat : stats) {
          if (std::string_view(stat.field) == VIR_NODE_MEMORY_STATS_TOTAL)
            kibibytes = std::max(kibibytes, stat.value);
        }
      }
    }
    return Bytes{static_cast<std::int64_t>(kibibytes) * 1024};
  });
}

}  // namespace

LibvirtHost::LibvirtHost(HostSettings settings)
    : settings_(std::move(settings)),
      connections_(std::make_unique<LibvirtConnections>(settings_.connect)),
      networks_(std::make_unique<LibvirtNetworks>(*connections_)),
      storage_(std::make_unique<LibvirtStorage>(*connections_, settings_.storage)),
      guests_(std::make_unique<LibvirtGuests>(*connections_, *storage_)) {}

LibvirtHost::~LibvirtHost() = default;

Inventory LibvirtHost::inventory() {
  Inventory inventory;
  inventory.containers = connections_->containers() != nullptr;
  inventory.machines = connections_->machines() != nullptr;
  inventory.kvm = inventory.machines && kvm_runs();
  inventory.virtiofs = inventory.machines && has_virtiofs();
  inventory.memory = settings_.memory ? *settings_.memory : memory_of(*connections_);
  inventory.disk = settings_.disk ? *settings_.disk : storage_->free_space();
  if (connections_->is_local())
    inventory.subnets = local::routed_subnets();
  for (const LibvirtNetworks::Listed& network : networks_->list()) {
    if (!network.state.subnet.empty())
      inventory.subnets.push_back(network.state.subnet);
    if (network.state.owner)
      inventory.ours.push_back({.claim = {.kind = Claim::Kind::Network,
                                          .name = network.name,
                                          .uuid = network.state.uuid},
                                .owner = *network.state.owner,
                                .running = network.state.active && network.state.healthy});
  }
  std::ranges::sort(inventory.subnets);
  const auto twice = std::ranges::unique(inventory.subnets);
  inventory.subnets.erase(twice.begin(), twice.end());
  for (const LibvirtGuests::Listed& guest : guests_->list())
    if (guest.state.owner)
      inventory.ours.push_back(
          {.claim = {.kind = Claim::Kind::Guest, .name = guest.name, .uuid = guest.state.uuid},
           .owner = *guest.state.owner,
           .running = guest.state.power != GuestState::Power::Off,
           .memory = guest.state.memory});
  return inventory;
}

bool LibvirtHost::kvm_runs() {
  const std::lock_guard lock(kvm_mutex_);
  if (!kvm_)
    kvm_ = kvm_runs_a_kernel(*connections_->machines(), settings_);
  return *kvm_;
}

// libvirt tells whether QEMU has the device; whether its server is there, it finds at the start of
// a machine. On this machine we can look.
bool LibvirtHost::has_virtiofs() {
  const std::lock_guard lock(kvm_mutex_);
  if (virtiofs_)
    return *virtiofs_;
  const std::string xml = connections_->machines()->with([](virConnectPtr connection) {
    return take_text(
        virConnectGetDomainCapabilities(connection, nullptr, nullptr, "q35", nullptr, 0));
  });
  const std::vector<std::string> drivers =
      xml.empty() ? std::vector<std::string>()
                  : XmlDocument(xml).values("//filesystem/enum[@name='driverType']/value");
  virtiofs_ = std::ranges::find(drivers, "virtiofs") != drivers.end() &&
              (!connections_->is_local() || local::has_virtiofsd());
  return *virtiofs_;
}

std::optional<NetworkState> LibvirtHost::find_network(const Claim& claim) {
  return networks_->find(claim);
}
void LibvirtHost::create_network(const NetworkSpec& spec) {
  networks_->create(spec);
}
void LibvirtHost::set_network_names(const Claim& claim, const std::vector<HostName>& names) {
  networks_->set_names(claim, names);
}
void LibvirtHost::remove_network(const Claim& claim) {
  networks_->remove(claim);
}

std::optional<PoolState> LibvirtHost::find_pool(const Claim& claim) {
  return storage_->find_pool(claim);
}
void LibvirtHost::create_pool(const Claim& claim) {
  storage_->create_pool(claim);
}
void LibvirtHost::remove_pool(const Claim& claim) {
  storage_->remove_pool(claim);
}
std::optional<VolumeState> LibvirtHost::find_volume(const VolumeId& id) {
  return storage_->find_volume(id);
}
void LibvirtHost::create_volume(const VolumeId& id, Content& content) {
  storage_->create_volume(id, content);
}
void LibvirtHost::create_directory(const VolumeId& id) {
  storage_->create_directory(id);
}
void LibvirtHost::grow_volume(const VolumeId& id, Bytes size) {
  storage_->grow_volume(id, size);
}
void LibvirtHost::remove_volume(const VolumeId& id) {
  storage_->remove_volume(id);
}
std::string LibvirtHost::read_volume_tail(const VolumeId& id, std::size_t limit) {
  return storage_->read_tail(id, limit);
}

std::optional<GuestState> LibvirtHost::find_guest(const Claim& claim) {
  return guests_->find(claim);
}
void LibvirtHost::define_guest(const GuestSpec& spec) {
  guests_->define(spec);
}
void LibvirtHost::start_guest(const Claim& claim) {
  guests_->start(claim);
}
void LibvirtHost::shut_down_guest(const Claim& claim) {
  guests_->shut_down(claim);
}
void LibvirtHost::destroy_guest(const Claim& claim) {
  guests_->destroy(claim);
}
void LibvirtHost::undefine_guest(const Claim& claim) {
  guests_->undefine(claim);
}
void LibvirtHost::set_guest_memory(const Claim& claim, Bytes memory) {
  guests_->set_memory(claim, memory);
}
std::map<std::string, std::vector<std::string>> LibvirtHost::volume_users(const std::string& pool) {
  return guests_->volume_users(pool);
}
std::string LibvirtHost::console_tail(const Claim& claim, std::size_t limit) {
  return guests_->console_tail(claim, limit);
}

}  // namespace encamp
