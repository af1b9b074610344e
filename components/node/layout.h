// What a node is called on its host, and what lies on its own disk.
#pragma once

#include <string>
#include <vector>

#include "components/node/data_disks.h"
#include "engine/description/value.h"
#include "engine/world/host.h"
#include "engine/world/workshop.h"

namespace encamp {

/// The node's card in one network, as bind chose it.
struct NetworkCard {
  std::string network;  ///< Its name in the site.
  std::string address;
  std::string mac;
  std::string gateway;
  std::int64_t prefix = 24;
};

/// A volume of the site that the node mounts.
struct Mount {
  std::string path;
  Address volume;
  std::string
      tag;  ///< `share1`, ... in the order of the paths, so that one in another comes later.
};

/// A node in one generation: its bound properties, read.
struct NodeLayout {
  /// REQUIRES: the properties are bound.
  NodeLayout(const Properties& properties, const Owner& owner, const std::string& deployment);

  Claim guest;
  Claim disk;
  Claim console;  ///< Machines only.
  std::vector<Claim> claims() const;

  std::string name;
  std::string hostname;
  Isolation isolation = Isolation::Container;
  Bytes memory;
  Bytes disk_size;
  std::vector<NetworkCard> cards;
  std::vector<Mount> mounts;
  std::vector<DataDisk> data_disks;
  std::string machine_id;
};

VolumeId volume_of(const Claim& claim);

struct Identity {
  std::string host_private_key;
  std::string host_public_key;
  std::vector<std::string> authorized_keys;  ///< Public ones that log in as root.
};

/// The files of the node's own disk: `net`, `shares` and `disks` for its init, and below
/// `identity/` what init copies into the root before it starts (docs/nodes.md).
std::vector<DiskFile> disk_files(const NodeLayout& node, const Identity& identity);

}  // namespace encamp
