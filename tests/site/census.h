// Everything on this machine that a deployment could leave behind, so that a test can compare
// before and after.
#pragma once

#include <map>
#include <set>
#include <string>

namespace encamp::test {

/// By kind: domains, networks, pools, volumes, loop devices, mounts, links, dnsmasq processes,
/// cgroups. The shared image pool and what lies in it are left out: they stay on purpose.
using Census = std::map<std::string, std::set<std::string>>;

Census take_census();

/// MiB of all that encamp calls guests, whose ever they are: they may stand there before a test.
int memory_of_guests();

/// What `after` has and `before` has not, a line each; empty when nothing was left.
std::string left_over(const Census& before, const Census& after);

}  // namespace encamp::test
