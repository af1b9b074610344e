// What a node shares with others: volumes of the site, mounted into its root.
#pragma once

namespace encamp::init {

enum class SharesAre {
  Mounted,  ///< Below `own`/shares.d already, by libvirt: of a container.
  Devices,  ///< virtiofs devices: of a machine.
};

/// Mounts what the lines `<tag> <path>` of `own`/shares name at `root`<path>. Directories that are
/// missing there are made.
void mount_shares(const char* own, const char* root, SharesAre shares);

/// Removes all that lies in each directory of `shares`.
void empty_shares(const char* shares);

}  // namespace encamp::init
