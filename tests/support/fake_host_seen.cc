// What tests put on a fake host behind encamp's back, and what they see there.
#include <algorithm>

#include <fmt/format.h>

#include "tests/support/fake_host.h"

namespace encamp::test {

void FakeHost::add_foreign_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  networks_["foreign " + name] = {.spec = {.claim = {.kind = Claim::Kind::Network, .name = name}},
                                  .foreign = true,
                                  .active = true};
}

void FakeHost::add_foreign_guest(const std::string& name) {
  const std::lock_guard lock(mutex_);
  guests_["foreign " + name] = {.spec = {.claim = {.kind = Claim::Kind::Guest, .name = name}},
                                .foreign = true,
                                .running = true};
}

void FakeHost::add_foreign_pool(const std::string& name) {
  const std::lock_guard lock(mutex_);
  pools_["foreign " + name] = {.name = name, .volumes = {{"theirs", {Bytes{1}, "x", 0, true}}}};
}

void FakeHost::add_foreign_guest(const std::string& name, const std::string& uuid) {
  const std::lock_guard lock(mutex_);
  guests_[uuid] = {.spec = {.claim = {.kind = Claim::Kind::Guest, .name = name, .uuid = uuid}},
                   .foreign = true,
                   .running = true};
}

void FakeHost::remove_foreign() {
  const std::lock_guard lock(mutex_);
  std::erase_if(networks_, [](const auto& entry) { return entry.second.foreign; });
  std::erase_if(pools_, [](const auto& entry) { return entry.first.starts_with("foreign "); });
  std::erase_if(guests_, [](const auto& entry) { return entry.second.foreign; });
}

void FakeHost::reboot() {
  const std::lock_guard lock(mutex_);
  for (auto& [uuid, network] : networks_)
    network.active = network.foreign;
  for (auto& [uuid, guest] : guests_)
    guest.running = guest.foreign;
}

std::vector<Claim> FakeHost::ours() const {
  const std::lock_guard lock(mutex_);
  std::vector<Claim> all;
  for (const auto& [uuid, network] : networks_) {
    if (!network.foreign)
      all.push_back(network.spec.claim);
  }
  for (const auto& [uuid, pool] : pools_) {
    if (uuid.starts_with("foreign "))
      continue;
    all.push_back({.kind = Claim::Kind::Pool, .name = pool.name, .uuid = uuid});
    for (const auto& [name, volume] : pool.volumes)
      all.push_back({.kind = Claim::Kind::Volume, .name = name, .pool = pool.name});
    for (const auto& [name, is_filled] : pool.directories)
      all.push_back({.kind = Claim::Kind::Volume, .name = name, .pool = pool.name});
  }
  for (const auto& [uuid, guest] : guests_) {
    if (!guest.foreign)
      all.push_back(guest.spec.claim);
  }
  return all;
}

std::vector<std::string> FakeHost::foreign() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [uuid, network] : networks_) {
    if (network.foreign)
      all.push_back(fmt::format("network {} {} {}", network.spec.claim.name, network.active,
                                network.spec.names.size()));
  }
  for (const auto& [uuid, pool] : pools_) {
    if (uuid.starts_with("foreign "))
      all.push_back(fmt::format("pool {} with {} volumes", pool.name, pool.volumes.size()));
  }
  for (const auto& [uuid, guest] : guests_) {
    if (guest.foreign)
      all.push_back(fmt::format("guest {} {} {}", guest.spec.claim.name, guest.running,
                                guest.spec.memory.count));
  }
  return all;
}

std::vector<std::string> FakeHost::objects() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [uuid, network] : networks_)
    all.push_back("network " + network.spec.claim.name);
  for (const auto& [uuid, pool] : pools_) {
    all.push_back("pool " + pool.name);
    for (const auto& [name, volume] : pool.volumes)
      all.push_back("volume " + pool.name + "/" + name);
    for (const auto& [name, is_filled] : pool.directories)
      all.push_back("volume " + pool.name + "/" + name);
  }
  for (const auto& [uuid, guest] : guests_)
    all.push_back("guest " + guest.spec.claim.name);
  std::ranges::sort(all);
  return all;
}

std::vector<std::string> FakeHost::misuse() const {
  const std::lock_guard lock(mutex_);
  return misuse_;
}

std::optional<std::string> FakeHost::volume_content(const VolumeId& id) const {
  const std::lock_guard lock(mutex_);
  const Pool* pool = pool_named(id.pool);
  if (pool == nullptr || !pool->volumes.contains(id.name))
    return std::nullopt;
  return pool->volumes.at(id.name).bytes;
}

int FakeHost::volume_serial(const VolumeId& id) const {
  const std::lock_guard lock(mutex_);
  const Pool* pool = pool_named(id.pool);
  return pool == nullptr || !pool->volumes.contains(id.name) ? 0 : pool->volumes.at(id.name).serial;
}

std::vector<GuestSpec> FakeHost::running() const {
  const std::lock_guard lock(mutex_);
  std::vector<GuestSpec> all;
  for (const auto& [uuid, guest] : guests_) {
    if (guest.running && !guest.foreign)
      all.push_back(guest.spec);
  }
  return all;
}

bool FakeHost::network_is_active(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::ranges::find_if(
      networks_, [&](const auto& entry) { return entry.second.spec.claim.name == name; });
  return found != networks_.end() && found->second.active;
}

}  // namespace encamp::test
