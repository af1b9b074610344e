// Networks of a host, by libvirt. Threads: any, at the same time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/world/host.h"
#include "src/libvirt_connection.h"

namespace encamp {

/// The definition that libvirt gets. Pure.
std::string network_xml(const NetworkSpec& spec);

/// The state that libvirt's XML tells; `active` and `healthy` are left alone. Pure.
NetworkState network_state(const std::string& xml);

/// The bridge device of the network with that UUID: `camp` and its first ten digits.
std::string bridge_of(const std::string& uuid);

class LibvirtNetworks {
 public:
  explicit LibvirtNetworks(LibvirtConnections& connections) : connections_(connections) {}

  std::optional<NetworkState> find(const Claim& claim);
  /// When one of that UUID is there, it is started, and its DNS server too when that is gone.
  void create(const NetworkSpec& spec);
  void set_names(const Claim& claim, const std::vector<HostName>& names);
  void remove(const Claim& claim);

  struct Listed {
    std::string name;
    NetworkState state;
  };
  std::vector<Listed> list();

 private:
  LibvirtConnections& connections_;
};

}  // namespace encamp
