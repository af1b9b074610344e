// hosts.yaml: which machines sites are deployed on. It belongs to the user or the machine, never to
// a site, so that a description from elsewhere cannot choose where commands run.
//
//     here:
//       connect: [lxc:///system, qemu:///system]
//       memory: 16 GiB        # what encamp may promise of it; what there is, unless said
//       disk: 100 GiB
//       storage: /var/lib/encamp/storage
//     overcommit: {memory: 1, disk: 10}
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "engine/bind/bind.h"
#include "engine/description/diagnostic.h"
#include "src/libvirt_host.h"

namespace encamp {

struct HostsFile {
  std::vector<HostSettings> hosts;
  Overcommit overcommit;
};

/// This machine, as `here`, with containers and machines: what holds without a file.
HostsFile this_machine();

/// Reads the text of a hosts.yaml. Mistakes go into `diagnostics`.
HostsFile read_hosts(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics);

}  // namespace encamp
