#include "tests/simulation/simulation.h"

#include "components/archive/archive.h"
#include "components/command/command.h"
#include "components/directory/directory.h"
#include "components/file/file.h"
#include "components/group/group.h"
#include "components/image/image.h"
#include "components/network/network.h"
#include "components/node/node.h"
#include "components/package/package.h"
#include "components/repository/repository.h"
#include "components/secret/secret.h"
#include "components/service/service.h"
#include "components/storage/storage.h"
#include "components/user/user.h"
#include "components/volume/volume.h"
#include "tests/simulation/life.h"

namespace encamp::simulation {

Simulator::Simulator() {
  registry_.add(std::make_unique<CommandComponent>());
  registry_.add(std::make_unique<FileComponent>());
  registry_.add(std::make_unique<PackageComponent>());
  registry_.add(std::make_unique<ServiceComponent>());
  registry_.add(std::make_unique<DirectoryComponent>());
  registry_.add(make_archive_component());
  registry_.add(make_group_component());
  registry_.add(make_image_component());
  registry_.add(make_network_component());
  registry_.add(make_node_component());
  registry_.add(make_repository_component());
  registry_.add(make_secret_component());
  registry_.add(make_storage_component());
  registry_.add(make_user_component());
  registry_.add(make_volume_component());
}

Report Simulator::run(std::uint64_t seed, const Looking& looking) {
  Report report;
  baton_.run(seed, [&] {
    SimulatedWorld world(baton_, seed, looking);
    Life(world, registry_, seed).live();
    report = {.violation = world.violation(),
              .digest = world.digest(),
              .calls = world.calls(),
              .faults = world.faults(),
              .trace = world.trace()};
  });
  return report;
}

// Takes away faults as long as it still fails: halves first, then single ones.
Report Simulator::shrink(std::uint64_t seed, Looking looking) {
  const Report found = run(seed, looking);
  if (!found.violation) {
    looking.traced = true;
    return run(seed, looking);
  }
  std::vector<std::string> kept = found.faults;
  const auto fails_with = [&](const std::vector<std::string>& faults) {
    looking.only = std::set<std::string>(faults.begin(), faults.end());
    return run(seed, looking).violation.has_value();
  };
  for (std::size_t chunk = std::max<std::size_t>(kept.size() / 2, 1);; chunk /= 2) {
    for (std::size_t at = 0; at < kept.size();) {
      std::vector<std::string> fewer(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(at));
      fewer.insert(fewer.end(),
                   kept.begin() + static_cast<std::ptrdiff_t>(std::min(at + chunk, kept.size())),
                   kept.end());
      if (fails_with(fewer))
        kept = std::move(fewer);
      else
        at += chunk;
    }
    if (chunk <= 1)
      break;
  }
  looking.traced = true;
  looking.only = std::set<std::string>(kept.begin(), kept.end());
  return run(seed, looking);
}

}  // namespace encamp::simulation
