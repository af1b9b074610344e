// The definitions of guests for libvirt. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/world/host.h"

namespace encamp {

/// Where the guest's volumes are on its host.
struct GuestPaths {
  std::string image;
  std::string disk;
  std::vector<std::string> data_disks;  ///< In the order of GuestSpec::data_disks.
  std::string kernel;                   ///< Machines, as the rest.
  std::string initrd;
  std::string console;
  std::vector<std::string> shares;  ///< In the order of GuestSpec::shares.
};

/// A libvirt-LXC container: the shared image below, its own disk at /mnt, whose `init` lays one
/// over the other and becomes the image's init.
std::string container_xml(const GuestSpec& spec, const GuestPaths& paths);

/// A QEMU machine with the same two disks, vda and vdb, and its data disks behind them; the initrd
/// lays one over the other. `type` is `qemu`, `kvm`, or `test` for libvirt's test driver.
std::string machine_xml(const GuestSpec& spec, const GuestPaths& paths, const std::string& type);

/// The state that libvirt's XML tells; `power` is left alone.
GuestState guest_state(const std::string& xml);

}  // namespace encamp
