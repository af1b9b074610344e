// What has to be done on this machine behind libvirt's back, because libvirt leaves it undone or
// cannot tell: the complete list. Only for a host whose libvirtd runs on this machine, and only
// for things that carry exactly our names. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "engine/description/quantity.h"

namespace encamp::local {

/// Removes the empty cgroup directories of a container that has ended: `lxc-<pid>-<name>
/// .libvirt-lxc` below `machine` of every hierarchy, deepest first. libvirt leaves that of the
/// unified hierarchy, and all of them when it was killed during a start.
/// REQUIRES: the container is off. What is in use remains, the kernel sees to that.
void remove_cgroups(const std::string& guest);

/// The name of a guest as libvirt writes it into a cgroup's name: `lxc-<pid>-<name>`, other
/// characters than letters, digits, `-` and `.` left out, 64 at most.
std::string cgroup_name(const std::string& pid, const std::string& guest);

/// Removes a bridge that a killed libvirtd has forgotten, and the DNS server that it started for
/// it. REQUIRES: no network of libvirt uses the bridge. Nothing happens unless `bridge` is one of
/// encamp's names, `camp` and ten hexadecimal digits.
void remove_forgotten_bridge(const std::string& bridge, const std::string& network);

/// Whether a DNS server answers at `address`. libvirt counts a network as active though its
/// dnsmasq has died, and offers no way to ask.
bool answers_dns(const std::string& address);

/// The IPv4 subnets that this machine has routes to, but for the default route: `10.0.0.0/24`.
std::vector<std::string> routed_subnets();
/// The same from the text of /proc/net/route.
std::vector<std::string> parse_routes(const std::string& table);

/// Whether the server of directories that machines mount is installed.
bool has_virtiofsd();

/// Free space where `path` lies or would lie.
Bytes free_space(const std::string& path);

}  // namespace encamp::local
