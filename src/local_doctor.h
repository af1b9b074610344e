// Looks whether this machine can host sites: what is missing, and the command that mends it.
// Changes nothing. Threads: one at a time.
//
//     for (const Finding& finding : examine(settings))
//       if (finding.state == Finding::State::Missing)
//         print(finding.what, finding.found, finding.remedy);
#pragma once

#include <string>
#include <vector>

#include "src/libvirt_host.h"

namespace encamp::local {

struct Finding {
  enum class State {
    Ok,
    Note,     ///< Works, within limits that `found` says.
    Missing,  ///< Sites, or one kind of node, will fail.
  };
  State state = State::Ok;
  std::string what;    ///< What was looked at: "libvirtd for containers".
  std::string found;   ///< What was seen.
  std::string remedy;  ///< A command to type; empty when there is nothing to do.
};

/// In the order in which things are best mended. May take some seconds.
std::vector<Finding> examine(const HostSettings& host);

}  // namespace encamp::local
