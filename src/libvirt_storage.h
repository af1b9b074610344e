// Storage of a host, by libvirt: pools that are directories below one directory of the host, and
// volumes in them. Threads: any, at the same time.
#pragma once

#include <optional>
#include <string>

#include "engine/world/host.h"
#include "src/libvirt_connection.h"

struct _virStorageVol;

namespace encamp {

/// The definitions that libvirt gets. Pure.
std::string pool_xml(const Claim& claim, const std::string& storage);
std::string volume_xml(const std::string& name, Bytes capacity);
std::string directory_xml(const std::string& name);

class LibvirtStorage {
 public:
  /// `storage` is the directory on the host that the pools' directories are made in.
  LibvirtStorage(LibvirtConnections& connections, std::string storage)
      : connections_(connections), storage_(std::move(storage)) {}

  std::optional<PoolState> find_pool(const Claim& claim);
  void create_pool(const Claim& claim);
  void remove_pool(const Claim& claim);
  std::optional<VolumeState> find_volume(const VolumeId& id);
  void create_volume(const VolumeId& id, Content& content);
  void create_directory(const VolumeId& id);
  void grow_volume(const VolumeId& id, Bytes size);
  void remove_volume(const VolumeId& id);
  std::string read_tail(const VolumeId& id, std::size_t limit);
  /// The same of the volume that lies at `path` of the host; empty when there is none.
  std::string read_path_tail(const std::string& path, std::size_t limit);
  /// Where the volume is on its host, for a domain's definition. Throws Error(NotFound).
  std::string path_of(const VolumeId& id);
  /// The volume of `pool` that lies at `path` of the host; empty when there is none.
  std::string name_at(const std::string& pool, const std::string& path);
  /// Free space where the pools lie.
  Bytes free_space();

 private:
  LibvirtConnections& connections_;
  std::string storage_;
};

}  // namespace encamp
