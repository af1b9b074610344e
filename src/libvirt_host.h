// A hypervisor host that is reached through libvirt, and through nothing else but for the chores
// of src/local_chores.h on this machine. Threads: any, at the same time.
//
//     LibvirtHost here({.state = "/var/lib/encamp"});
//     here.inventory().containers
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/world/host.h"

namespace encamp {

/// An entry of hosts.yaml.
struct HostSettings {
  std::string name = "here";
  std::vector<std::string> connect{"lxc:///system", "qemu:///system"};  ///< One libvirtd's.
  std::string storage = "/var/lib/encamp/storage";  ///< On the host; pools are made in it.
  std::optional<Bytes> memory;                      ///< What encamp may use; else all of it.
  std::optional<Bytes> disk;
  std::string state;  ///< Where what was found out about the host is kept; empty: nowhere.
};

class LibvirtConnections;
class LibvirtNetworks;
class LibvirtStorage;
class LibvirtGuests;

class LibvirtHost : public Host {
 public:
  /// Connects at first use. Throws Error(Denied) for a URI that is refused.
  explicit LibvirtHost(HostSettings settings);
  ~LibvirtHost() override;

  const std::string& name() const override { return settings_.name; }
  Inventory inventory() override;

  std::optional<NetworkState> find_network(const Claim& claim) override;
  void create_network(const NetworkSpec& spec) override;
  void set_network_names(const Claim& claim, const std::vector<HostName>& names) override;
  void remove_network(const Claim& claim) override;

  std::optional<PoolState> find_pool(const Claim& claim) override;
  void create_pool(const Claim& claim) override;
  void remove_pool(const Claim& claim) override;
  std::optional<VolumeState> find_volume(const VolumeId& id) override;
  void create_volume(const VolumeId& id, Content& content) override;
  void create_directory(const VolumeId& id) override;
  void grow_volume(const VolumeId& id, Bytes size) override;
  void remove_volume(const VolumeId& id) override;
  std::string read_volume_tail(const VolumeId& id, std::size_t limit) override;

  std::optional<GuestState> find_guest(const Claim& claim) override;
  void define_guest(const GuestSpec& spec) override;
  void start_guest(const Claim& claim) override;
  void shut_down_guest(const Claim& claim) override;
  void destroy_guest(const Claim& claim) override;
  void undefine_guest(const Claim& claim) override;
  void set_guest_memory(const Claim& claim, Bytes memory) override;
  std::map<std::string, std::vector<std::string>> volume_users(const std::string& pool) override;
  std::string console_tail(const Claim& claim, std::size_t limit) override;

 private:
  bool kvm_runs();
  bool has_virtiofs();

  HostSettings settings_;
  std::unique_ptr<LibvirtConnections> connections_;
  std::unique_ptr<LibvirtNetworks> networks_;
  std::unique_ptr<LibvirtStorage> storage_;
  std::unique_ptr<LibvirtGuests> guests_;
  std::mutex kvm_mutex_;  // Guards the next two; held while a test kernel runs.
  std::optional<bool> kvm_;
  std::optional<bool> virtiofs_;
};

}  // namespace encamp
