// A host in memory, without a file system: networks, pools, volumes, guests, as libvirt keeps
// them. What is on it outlives the "process" that made it. Threads: any.
//
//     Faults faults;
//     FakeHost host("here", faults);
//     host.add_foreign_network("encamp.lab.lan");  // somebody else's, with our name
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/world/host.h"
#include "tests/support/faults.h"

namespace encamp::test {

class FakeHost : public Host {
 public:
  FakeHost(std::string name, Faults& faults) : name_(std::move(name)), faults_(&faults) {}

  // What the host is; set before it is used.
  bool containers = true;
  bool machines = true;
  bool kvm = false;
  bool virtiofs = true;
  Bytes memory = Bytes::gibi(16);
  Bytes disk = Bytes::gibi(100);

  const std::string& name() const override { return name_; }
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

  // For tests: what is there, and what others have put there.
  void add_foreign_network(const std::string& name);
  void add_foreign_guest(const std::string& name);
  void add_foreign_pool(const std::string& name);
  /// What an upload leaves that breaks off in the middle.
  void create_half_volume(const VolumeId& id, Content& content);
  /// The same with a firm grip: our UUID and name under somebody else's (or no) owner, as when a
  /// person defined our guest anew.
  void add_foreign_guest(const std::string& name, const std::string& uuid);
  /// The others take theirs away.
  void remove_foreign();
  /// The host starts anew: nothing of ours runs.
  void reboot();
  /// Everything that was not put there by add_foreign_...(), and only that; state included.
  std::vector<Claim> ours() const;
  std::vector<std::string> foreign() const;
  /// Every object as `network NAME`, `pool NAME`, `volume POOL/NAME`, `guest NAME`, sorted.
  std::vector<std::string> objects() const;
  /// Calls that a well-behaved program never makes: removing the disk of a running guest, starting
  /// one from a disk that was not uploaded to its end, ...
  std::vector<std::string> misuse() const;
  /// What lies in a volume, as it was uploaded.
  std::optional<std::string> volume_content(const VolumeId& id) const;
  /// Parts a volume from others that had its name before; 0 when there is none.
  int volume_serial(const VolumeId& id) const;
  /// The running guests, as they were defined.
  std::vector<GuestSpec> running() const;
  bool network_is_active(const std::string& name) const;

 private:
  struct Network {
    NetworkSpec spec;
    bool foreign = false;
    bool active = false;
  };
  struct Volume {
    Bytes size;
    std::string bytes;
    int serial = 0;
    bool is_whole = true;
  };
  struct Pool {
    std::string name;
    std::map<std::string, Volume> volumes;
    std::map<std::string, bool> directories;  ///< Whether something is in it.
  };
  struct Machine {
    GuestSpec spec;
    bool foreign = false;
    bool running = false;
  };

  template <typename Effect>
  auto call(const std::string& name, Effect effect);
  Pool* pool_named(const std::string& name);
  const Pool* pool_named(const std::string& name) const;
  bool has_volume(const VolumeId& id);
  bool* directory_at(const VolumeId& id);
  void put_volume(const VolumeId& id, Bytes size, std::string bytes, bool is_whole);

  const std::string name_;
  Faults* const faults_;
  mutable std::mutex mutex_;                 ///< Of all below.
  std::map<std::string, Network> networks_;  ///< By UUID, as are the next two.
  std::map<std::string, Pool> pools_;
  std::map<std::string, Machine> guests_;
  std::vector<std::string> misuse_;
  int volumes_made_ = 0;
};

}  // namespace encamp::test
