// Starts libvirtd on this machine where none answers: by systemd where that runs, else by
// encamp-libvirtd (src/libvirtd_keeper.cc), which stays behind.
#pragma once

#include <filesystem>
#include <string>

#include "src/libvirt_host.h"

namespace encamp::local {

/// `keeper` is the program encamp-libvirtd. Returns what was done, a line for people, when all of
/// the host's connections answer. Throws Error: Denied without root; NotFound when libvirtd is not
/// installed; Conflict when one runs and does not answer, which is not ours to end; Timeout.
std::string start_libvirtd(const HostSettings& host, const std::filesystem::path& keeper);

/// Whether this machine's process 1 is systemd.
bool has_systemd();

/// The process in /run/libvirtd.pid; 0 when it does not run.
int libvirtd_pid();

/// Why the connection does not answer; empty when it does.
std::string why_unanswered(const std::string& uri);

/// Whether KVM is best kept from libvirt: qemu's user may not open the device, or the newest kernel
/// in /boot does not boot with it. Takes up to 8 s.
bool kvm_is_a_trap();

}  // namespace encamp::local
