// Whether KVM of a host runs kernels. That /dev/kvm is there and opens says little: there are
// machines where every stock kernel hangs under it.
#pragma once

#include "src/libvirt_connection.h"
#include "src/libvirt_host.h"

namespace encamp {

/// Boots a kernel with KVM, without disks, until it panics for want of a root file system, for at
/// most 8 s. The kernel is that of an image on the host, else this machine's own in /boot; without
/// any the answer is no, and is not kept. On this machine the answer is kept in
/// `settings.state`/kvm until its next boot.
bool kvm_runs_a_kernel(ConnectionPool& machines, const HostSettings& settings);

}  // namespace encamp
