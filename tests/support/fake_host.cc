#include "tests/support/fake_host.h"

#include <algorithm>

#include <fmt/format.h>

namespace encamp::test {
namespace {

// The entry with the claim's UUID, else the one with its name: libvirt finds both.
template <typename Map, typename Name>
auto find_claimed(Map& map, const Claim& claim, Name name) {
  const auto found = map.find(claim.uuid);
  return found != map.end() ? found : std::ranges::find_if(map, [&](const auto& entry) {
    return name(entry) == claim.name;
  });
}

template <typename Map, typename Name>
void refuse_other(const Map& map, const Claim& claim, const std::string& what, Name name) {
  for (const auto& entry : map) {
    if (name(entry) == claim.name && entry.first != claim.uuid)
      throw Error(ErrorKind::Conflict,
                  fmt::format("{} '{}' exists already with another UUID", what, claim.name));
  }
}

Error missing(const std::string& what, const std::string& name) {
  return Error(ErrorKind::NotFound, fmt::format("there is no {} '{}'", what, name));
}

std::vector<VolumeId> volumes_of(const GuestSpec& spec) {
  std::vector<VolumeId> all{spec.image, spec.disk};
  all.insert(all.end(), spec.data_disks.begin(), spec.data_disks.end());
  for (const Share& share : spec.shares)
    all.push_back(share.volume);
  return all;
}

bool has_disk(const GuestSpec& spec, const VolumeId& id) {
  return spec.disk == id || std::ranges::find(spec.data_disks, id) != spec.data_disks.end();
}

std::string text_of(Content& content) {
  std::string text;
  while (const std::optional<Extent> extent = content.next())
    text += extent->data;
  return text;
}

const auto kNetworkName = [](const auto& entry) { return entry.second.spec.claim.name; };
const auto kPoolName = [](const auto& entry) { return entry.second.name; };
const auto kGuestName = [](const auto& entry) { return entry.second.spec.claim.name; };

}  // namespace

template <typename Effect>
auto FakeHost::call(const std::string& name, Effect effect) {
  return faults_->call(name, [&] {
    const std::lock_guard lock(mutex_);
    return effect();
  });
}

FakeHost::Pool* FakeHost::pool_named(const std::string& name) {
  const auto found = std::ranges::find(pools_, name, kPoolName);
  return found == pools_.end() ? nullptr : &found->second;
}

const FakeHost::Pool* FakeHost::pool_named(const std::string& name) const {
  const auto found = std::ranges::find(pools_, name, kPoolName);
  return found == pools_.end() ? nullptr : &found->second;
}

bool FakeHost::has_volume(const VolumeId& id) {
  const Pool* pool = pool_named(id.pool);
  return pool != nullptr &&
         (pool->volumes.contains(id.name) || pool->directories.contains(id.name));
}

bool* FakeHost::directory_at(const VolumeId& id) {
  Pool* pool = pool_named(id.pool);
  if (pool == nullptr || !pool->directories.contains(id.name))
    return nullptr;
  return &pool->directories.at(id.name);
}

Inventory FakeHost::inventory() {
  return call("inventory", [&] {
    Inventory inventory{containers, machines, kvm, virtiofs, memory, disk, {}, {}};
    for (const auto& [uuid, network] : networks_) {
      if (!network.spec.subnet.empty())
        inventory.subnets.push_back(network.spec.subnet);
      if (!network.foreign)
        inventory.ours.push_back({network.spec.claim, network.spec.owner, network.active, {}});
    }
    for (const auto& [uuid, guest] : guests_) {
      if (!guest.foreign)
        inventory.ours.push_back(
            {guest.spec.claim, guest.spec.owner, guest.running, guest.spec.memory});
    }
    return inventory;
  });
}

std::optional<NetworkState> FakeHost::find_network(const Claim& claim) {
  return call("find_network", [&]() -> std::optional<NetworkState> {
    const auto found = find_claimed(networks_, claim, kNetworkName);
    if (found == networks_.end())
      return std::nullopt;
    const auto& [uuid, network] = *found;
    NetworkState state{.uuid = uuid,
                       .active = network.active,
                       .subnet = network.spec.subnet,
                       .names = network.spec.names};
    if (!network.foreign)
      state.owner = network.spec.owner;
    return state;
  });
}

void FakeHost::create_network(const NetworkSpec& spec) {
  call("create_network", [&] {
    refuse_other(networks_, spec.claim, "network", kNetworkName);
    const auto others = [&](auto same) {
      return std::ranges::any_of(networks_, [&](const auto& entry) {
        return entry.first != spec.claim.uuid && same(entry.second);
      });
    };
    if (!networks_.contains(spec.claim.uuid) && others([&](const Network& other) {
          return !spec.bridge.empty() && other.spec.bridge == spec.bridge;
        }))
      throw Error(ErrorKind::Failed, fmt::format("bridge '{}' is in use", spec.bridge));
    Network& network = networks_[spec.claim.uuid];
    if (network.spec.claim.name.empty())
      network.spec = spec;
    if (!network.active && others([&](const Network& other) {
          return other.active && !spec.subnet.empty() && other.spec.subnet == spec.subnet;
        }))  // As libvirt: defined, not started.
      throw Error(ErrorKind::Failed, fmt::format("subnet {} is in use", spec.subnet));
    network.active = true;
  });
}

void FakeHost::set_network_names(const Claim& claim, const std::vector<HostName>& names) {
  call("set_network_names", [&] {
    const auto found = networks_.find(claim.uuid);
    if (found == networks_.end())
      throw missing("network", claim.name);
    found->second.spec.names = names;
  });
}

void FakeHost::remove_network(const Claim& claim) {
  call("remove_network", [&] {
    for (const auto& [uuid, guest] : guests_) {
      if (guest.running && networks_.contains(claim.uuid) &&
          std::ranges::find(guest.spec.nics, claim.name, &Nic::network) != guest.spec.nics.end())
        misuse_.push_back(
            fmt::format("network {} removed under guest {}", claim.name, guest.spec.claim.name));
    }
    networks_.erase(claim.uuid);
  });
}

std::optional<PoolState> FakeHost::find_pool(const Claim& claim) {
  return call("find_pool", [&]() -> std::optional<PoolState> {
    const auto found = find_claimed(pools_, claim, kPoolName);
    if (found == pools_.end())
      return std::nullopt;
    PoolState state{.uuid = found->first, .active = true};
    for (const auto& [name, volume] : found->second.volumes)
      state.volumes.push_back(name);
    for (const auto& [name, is_filled] : found->second.directories)
      state.volumes.push_back(name);
    return state;
  });
}

void FakeHost::create_pool(const Claim& claim) {
  call("create_pool", [&] {
    refuse_other(pools_, claim, "pool", kPoolName);
    pools_[claim.uuid].name = claim.name;
  });
}

void FakeHost::remove_pool(const Claim& claim) {
  call("remove_pool", [&] {
    const auto found = pools_.find(claim.uuid);
    if (found == pools_.end())
      return;
    if (!found->second.volumes.empty() || !found->second.directories.empty())
      throw Error(ErrorKind::Failed, fmt::format("pool '{}' is not empty", claim.name));
    pools_.erase(found);
  });
}

std::optional<VolumeState> FakeHost::find_volume(const VolumeId& id) {
  return call("find_volume", [&]() -> std::optional<VolumeState> {
    if (!has_volume(id))
      return std::nullopt;
    if (directory_at(id) != nullptr)
      return VolumeState{};
    const Volume& volume = pool_named(id.pool)->volumes.at(id.name);
    return VolumeState{volume.size, Bytes{static_cast<std::int64_t>(volume.bytes.size())}};
  });
}

void FakeHost::create_volume(const VolumeId& id, Content& content) {
  call("create_volume", [&] { put_volume(id, content.size(), text_of(content), true); });
}

void FakeHost::put_volume(const VolumeId& id, Bytes size, std::string bytes, bool is_whole) {
  Pool* pool = pool_named(id.pool);
  if (pool == nullptr)
    throw missing("pool", id.pool);
  if (has_volume(id))
    throw Error(ErrorKind::Conflict, fmt::format("volume '{}' exists already", id.name));
  pool->volumes[id.name] = {size, std::move(bytes), ++volumes_made_, is_whole};
}

void FakeHost::create_directory(const VolumeId& id) {
  call("create_directory", [&] {
    Pool* pool = pool_named(id.pool);
    if (pool == nullptr)
      throw missing("pool", id.pool);
    if (has_volume(id))
      throw Error(ErrorKind::Conflict, fmt::format("volume '{}' exists already", id.name));
    pool->directories[id.name] = false;
  });
}

void FakeHost::grow_volume(const VolumeId& id, Bytes size) {
  call("grow_volume", [&] {
    if (!has_volume(id))
      throw missing("volume", id.name);
    Bytes& now = pool_named(id.pool)->volumes.at(id.name).size;
    now = std::max(now, size);
    for (const auto& [uuid, guest] : guests_) {
      if (guest.running && has_disk(guest.spec, id))
        misuse_.push_back(
            fmt::format("volume {} grown under guest {}", id.name, guest.spec.claim.name));
    }
  });
}

void FakeHost::remove_volume(const VolumeId& id) {
  call("remove_volume", [&] {
    if (const bool* is_filled = directory_at(id); is_filled != nullptr && *is_filled)
      throw Error(ErrorKind::Failed, fmt::format("directory '{}' is not empty", id.name));
    for (const auto& [uuid, guest] : guests_) {
      const bool shares =
          std::ranges::find(guest.spec.shares, id, &Share::volume) != guest.spec.shares.end();
      if (guest.running && (has_disk(guest.spec, id) || guest.spec.image == id || shares) &&
          has_volume(id))
        misuse_.push_back(
            fmt::format("volume {} removed under guest {}", id.name, guest.spec.claim.name));
    }
    if (Pool* pool = pool_named(id.pool)) {
      pool->volumes.erase(id.name);
      pool->directories.erase(id.name);
    }
  });
}

std::string FakeHost::read_volume_tail(const VolumeId& id, std::size_t limit) {
  return call("read_volume_tail", [&] {
    if (!has_volume(id) || directory_at(id) != nullptr)
      throw missing("volume", id.name);
    const std::string& data = pool_named(id.pool)->volumes.at(id.name).bytes;
    return data.substr(data.size() - std::min(limit, data.size()));
  });
}

std::optional<GuestState> FakeHost::find_guest(const Claim& claim) {
  return call("find_guest", [&]() -> std::optional<GuestState> {
    const auto found = find_claimed(guests_, claim, kGuestName);
    if (found == guests_.end())
      return std::nullopt;
    const auto& [uuid, guest] = *found;
    GuestState state{.uuid = uuid,
                     .isolation = guest.spec.isolation,
                     .power = guest.running ? GuestState::Power::Running : GuestState::Power::Off,
                     .memory = guest.spec.memory};
    if (!guest.foreign)
      state.owner = guest.spec.owner;
    return state;
  });
}

void FakeHost::define_guest(const GuestSpec& spec) {
  call("define_guest", [&] {
    refuse_other(guests_, spec.claim, "guest", kGuestName);
    for (const VolumeId& volume : volumes_of(spec)) {
      if (!volume.name.empty() && !has_volume(volume))
        throw missing("volume", volume.name);
    }
    guests_[spec.claim.uuid].spec = spec;
  });
}

void FakeHost::start_guest(const Claim& claim) {
  call("start_guest", [&] {
    const auto found = guests_.find(claim.uuid);
    if (found == guests_.end())
      throw missing("guest", claim.name);
    Machine& guest = found->second;
    if (guest.running)
      return;
    std::vector<VolumeId> volumes = volumes_of(guest.spec);
    volumes.insert(volumes.end(), {guest.spec.kernel, guest.spec.initrd});
    for (const VolumeId& volume : volumes) {
      if (volume.name.empty())
        continue;
      if (!has_volume(volume))
        throw Error(ErrorKind::Failed, fmt::format("cannot start guest '{}': no volume '{}/{}'",
                                                   claim.name, volume.pool, volume.name));
      const auto& uploaded = pool_named(volume.pool)->volumes;
      if (const auto upload = uploaded.find(volume.name);
          upload != uploaded.end() && !upload->second.is_whole)
        misuse_.push_back(
            fmt::format("guest {} started from half of volume {}", claim.name, volume.name));
    }
    for (const Nic& nic : guest.spec.nics) {
      const auto network = std::ranges::find(networks_, nic.network, kNetworkName);
      if (network == networks_.end() || !network->second.active)
        throw Error(ErrorKind::Failed, fmt::format("cannot start guest '{}': no network '{}'",
                                                   claim.name, nic.network));
    }
    // A node leaves something in what it mounts, a sweeper nothing, and has ended.
    for (const Share& share : guest.spec.shares) {
      if (bool* is_filled = directory_at(share.volume))
        *is_filled = !guest.spec.sweeps;
    }
    guest.running = !guest.spec.sweeps;
  });
}

void FakeHost::shut_down_guest(const Claim& claim) {
  call("shut_down_guest", [&] {
    if (const auto found = guests_.find(claim.uuid); found != guests_.end())
      found->second.running = false;
  });
}

void FakeHost::destroy_guest(const Claim& claim) {
  call("destroy_guest", [&] {
    if (const auto found = guests_.find(claim.uuid); found != guests_.end())
      found->second.running = false;
  });
}

void FakeHost::undefine_guest(const Claim& claim) {
  call("undefine_guest", [&] {
    const auto found = guests_.find(claim.uuid);
    if (found == guests_.end())
      return;
    if (found->second.running)
      throw Error(ErrorKind::Failed, fmt::format("guest '{}' is running", claim.name));
    guests_.erase(found);
  });
}

void FakeHost::set_guest_memory(const Claim& claim, Bytes wanted) {
  call("set_guest_memory", [&] {
    const auto found = guests_.find(claim.uuid);
    if (found == guests_.end())
      throw missing("guest", claim.name);
    found->second.spec.memory = wanted;
  });
}

std::map<std::string, std::vector<std::string>> FakeHost::volume_users(const std::string& pool) {
  return call("volume_users", [&] {
    std::map<std::string, std::vector<std::string>> users;
    for (const auto& [uuid, guest] : guests_) {
      std::vector<VolumeId> volumes{guest.spec.image, guest.spec.disk, guest.spec.kernel,
                                    guest.spec.initrd};
      volumes.insert(volumes.end(), guest.spec.data_disks.begin(), guest.spec.data_disks.end());
      for (const VolumeId& volume : volumes) {
        if (volume.pool == pool)
          users[volume.name].push_back(guest.spec.claim.name);
      }
    }
    return users;
  });
}

std::string FakeHost::console_tail(const Claim& claim, std::size_t limit) {
  return call("console_tail", [&] {
    const auto found = guests_.find(claim.uuid);
    const bool printed = found != guests_.end() && found->second.running;
    const std::string text = printed ? "console of " + claim.name + "\n" : "";
    return text.substr(text.size() - std::min(limit, text.size()));
  });
}

void FakeHost::create_half_volume(const VolumeId& id, Content& content) {
  const std::string all = text_of(content);
  const std::lock_guard lock(mutex_);
  put_volume(id, content.size(), all.substr(0, all.size() / 2), false);
}

}  // namespace encamp::test
