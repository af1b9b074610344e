// Control groups of a container.
#pragma once

namespace encamp::init {

/// Gives the container a cgroup namespace of its own, so that its systemd stays below the group
/// that libvirt made and the limits set there hold.
///
/// On hosts with cgroup v1 (or both) libvirt limits memory in v1's hierarchy. systemd is told to
/// use cgroup2 alone, so it never moves a process in v1, and gets a group of its own there.
/// `mount_point` is an existing directory below a `sys` of ours that may be mounted on.
void enter_own_cgroup(const char* mount_point);

}  // namespace encamp::init
