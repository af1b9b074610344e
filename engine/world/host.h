// A hypervisor host: networks, storage and guests, near or far.
//
// Calls block and throw Error. **A reply is a hint, the look-up decides**: after a call failed or
// was cut off its effect may be there, or come later; callers look the claim up and go on from
// what they find. Nothing here looks at names alone: what is found under our name and without our
// owner is somebody else's.
//
// Threads: any, at the same time. Implementations: src/libvirt_host.h (libvirt),
// tests/support/fake_host.h (in memory, without a file system).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/world/content.h"
#include "engine/world/owner.h"

namespace encamp {

enum class Isolation { Container, Machine };

/// Names that the network's DNS answers with an address.
struct HostName {
  std::string address;
  std::vector<std::string> names;  ///< The full one first.
  bool operator==(const HostName&) const = default;
};

struct NetworkSpec {
  Claim claim;
  Owner owner;
  std::string bridge;   ///< Name of the bridge device, at most 15 characters.
  std::string domain;   ///< Names below it are answered here and asked nowhere else.
  std::string subnet;   ///< `10.123.4.0/24`
  std::string gateway;  ///< The host's own address in it; DNS answers there.
  bool nat = true;      ///< Guests reach what the host reaches.
  std::vector<HostName> names;
};

struct NetworkState {
  std::optional<Owner> owner;  ///< Nothing: not made by encamp.
  std::string uuid;
  bool active = false;
  bool healthy = true;  ///< False when its DNS server is gone though it counts as active.
  std::string subnet;
  std::vector<HostName> names;
};

struct VolumeId {
  std::string pool;
  std::string name;
  bool operator==(const VolumeId&) const = default;
};

struct VolumeState {
  Bytes capacity;
  Bytes allocation;
};

struct PoolState {
  std::string uuid;
  bool active = false;
  std::vector<std::string> volumes;
};

/// A network card: which network, under which hardware address.
struct Nic {
  std::string network;  ///< Name on the host.
  std::string mac;
};

/// A directory of the host that several guests mount, as one of them sees it: below
/// `/mnt/shares.d/<tag>` of a container, as the virtiofs device `<tag>` of a machine.
struct Share {
  VolumeId volume;  ///< A directory.
  std::string tag;  ///< Letters and digits.
};

struct GuestSpec {
  Claim claim;
  Owner owner;
  Isolation isolation = Isolation::Container;
  bool kvm = false;  ///< Machines: hardware virtualization, else emulation.
  Bytes memory;      ///< Holds: more is refused inside.
  int cpus = 1;
  VolumeId image;  ///< Read-only, shared: the root below. None: see `sweeps`.
  VolumeId disk;   ///< Its own, writable: laid over the image; holds `init`.
  std::vector<VolumeId>
      data_disks;    ///< Below `/mnt/disks.d/disk1` of a container, vdc of a machine.
  VolumeId kernel;   ///< Machines.
  VolumeId initrd;   ///< Machines.
  VolumeId console;  ///< Machines: everything they print from the first byte.
  std::vector<Nic> nics;
  std::vector<Share> shares;
  /// A container without an image, whose disk is its root: its init empties the shares and ends.
  bool sweeps = false;
};

struct GuestState {
  enum class Power { Off, Running, Paused };
  std::optional<Owner> owner;  ///< Nothing: not made by encamp.
  std::string uuid;
  Isolation isolation = Isolation::Container;
  Power power = Power::Off;
  Bytes memory;
};

/// What a host has, and what stands on it; one listing.
struct Inventory {
  bool containers = false;
  bool machines = false;
  bool kvm = false;                  ///< A kernel was really started with it.
  bool virtiofs = false;             ///< Machines can mount directories of the host.
  Bytes memory;                      ///< Of the host, or what hosts.yaml grants.
  Bytes disk;                        ///< Free where the storage lies, or what hosts.yaml grants.
  std::vector<std::string> subnets;  ///< In use by anybody: libvirt's networks, the host's routes.
  struct Found {
    Claim claim;
    Owner owner;
    bool running = false;
    Bytes memory;
  };
  std::vector<Found> ours;  ///< Everything that carries an Owner of any deployment.
};

class Host {
 public:
  virtual ~Host() = default;

  virtual const std::string& name() const = 0;  ///< In hosts.yaml; `here` without one.
  virtual Inventory inventory() = 0;

  // Networks. create defines and starts; when one of that UUID is there already it is started.
  virtual std::optional<NetworkState> find_network(const Claim& claim) = 0;
  virtual void create_network(const NetworkSpec& spec) = 0;
  virtual void set_network_names(const Claim& claim, const std::vector<HostName>& names) = 0;
  virtual void remove_network(const Claim& claim) = 0;  ///< Gone is no error.

  // Storage. A pool is a directory below the host's storage; its UUID says whose it is.
  virtual std::optional<PoolState> find_pool(const Claim& claim) = 0;
  virtual void create_pool(const Claim& claim) = 0;
  virtual void remove_pool(const Claim& claim) = 0;  ///< REQUIRES: no volumes. Gone is no error.
  virtual std::optional<VolumeState> find_volume(const VolumeId& id) = 0;
  /// Makes a sparse volume of `content`'s size. An existing one is an Error(Conflict).
  virtual void create_volume(const VolumeId& id, Content& content) = 0;
  /// What is in it stays. As large already, or larger, is no error.
  virtual void grow_volume(const VolumeId& id, Bytes size) = 0;
  /// Makes a volume that is an empty directory, root's and 0755. An existing one is an
  /// Error(Conflict).
  virtual void create_directory(const VolumeId& id) = 0;
  /// Gone is no error. A directory with something in it is an Error(Failed), and stays.
  virtual void remove_volume(const VolumeId& id) = 0;
  /// The last `limit` bytes of a small volume, a console for example.
  virtual std::string read_volume_tail(const VolumeId& id, std::size_t limit) = 0;

  // Guests.
  virtual std::optional<GuestState> find_guest(const Claim& claim) = 0;
  virtual void define_guest(const GuestSpec& spec) = 0;
  virtual void start_guest(const Claim& claim) = 0;  ///< Running is no error.
  /// Asks the guest to end and returns at once. Off is no error.
  virtual void shut_down_guest(const Claim& claim) = 0;
  virtual void destroy_guest(const Claim& claim) = 0;   ///< Ends it now. Off is no error.
  virtual void undefine_guest(const Claim& claim) = 0;  ///< REQUIRES: off. Gone is no error.
  virtual void set_guest_memory(const Claim& claim, Bytes memory) = 0;
  /// The guests of the host, anybody's, that have a volume of that pool, by volume's name.
  virtual std::map<std::string, std::vector<std::string>> volume_users(const std::string& pool) = 0;
  /// What the guest printed on its console, the last `limit` bytes as far as kept; for messages.
  virtual std::string console_tail(const Claim& claim, std::size_t limit) = 0;
};

}  // namespace encamp
