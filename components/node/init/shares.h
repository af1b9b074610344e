// What is mounted into the root of a node: volumes of the site, and data disks of its own.
#pragma once

namespace encamp::init {

enum class MountsAre {
  Mounted,  ///< Below `own`/shares.d and disks.d already, by libvirt: of a container.
  Devices,  ///< Of virtiofs, and disks: of a machine.
};

/// Mounts what the lines `<tag> <path>` of `own`/shares name at `root`<path>. Directories that are
/// missing there are made.
void mount_shares(const char* own, const char* root, MountsAre shares);

/// Mounts what the lines `disk1 <path>` of `own`/disks name at `root`<path>: a file system below
/// `own`/disks.d of a container, the third disk (vdc) and those behind it of a machine. Lets them
/// fill their disks first. Needs CAP_SYS_RESOURCE.
void mount_disks(const char* own, const char* root, MountsAre disks);

/// Removes all that lies in each directory of `shares`.
void empty_shares(const char* shares);

}  // namespace encamp::init
