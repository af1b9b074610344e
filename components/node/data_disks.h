// `disks` of a node: disks of its own beside the one it starts from, each mounted somewhere.
#pragma once

#include <string>
#include <vector>

#include "engine/component/component.h"
#include "engine/description/value.h"
#include "engine/world/host.h"

namespace encamp {

/// A disk of the node's own beside the one it starts from.
struct DataDisk {
  std::string name;
  Bytes size;
  std::string path;
  Claim claim;
};

/// Of the property `disks`, by path, so that one in another comes later. Without claims.
std::vector<DataDisk> data_disks_of(const Properties& properties);

/// Whether something can be mounted there: an absolute path that a node's init can read.
bool is_mount_point(const std::string& path);

void check_data_disks(const Resource& node, Diagnostics& diagnostics);

/// Says in `change` what becomes of the node. A data disk only grows; other disks are another node.
void compare_data_disks(const Properties& wanted, const Properties& recorded, Change& change);

}  // namespace encamp
