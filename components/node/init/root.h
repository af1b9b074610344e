// The root of a node: its own disk laid over the shared image, and its identity copied in.
#pragma once

namespace encamp::init {

/// Mounts the ext4 file system of a disk at a directory, which is made; waits for the device.
void mount_disk(const char* device, const char* at, unsigned long flags);

/// Lets the ext4 file system at `own` fill its device, which may have grown since the last start.
/// When it cannot, the console says so and the node starts with what it has. Needs
/// CAP_SYS_RESOURCE.
void grow_own(const char* own);

/// Gives up CAP_SYS_RESOURCE for us and all that we start.
void drop_sys_resource();

/// Mounts at `root` the overlay of `image` (below, read-only) and `own`/up (above). A node's own
/// disk has what it wrote in `up`, overlayfs' own directory `work`, and what encamp put there.
void lay_root(const char* image, const char* own, const char* root);

/// Copies the tree `own`/identity into `root`, with the modes it has, as root's. Directories that
/// are there keep owner and mode; a file or link that is there is replaced, not followed.
void copy_identity(const char* own, const char* root);

/// Renames `identity` away once what was copied is on the disk, so that a later start leaves files
/// alone that were changed since. `own` is an open directory. Slow; not for the way to the start.
void finish_identity(int own);

}  // namespace encamp::init
