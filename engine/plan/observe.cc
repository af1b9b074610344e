#include <algorithm>

#include "engine/mutant.h"
#include "engine/plan/plan.h"

namespace encamp {

Observations observe(const std::vector<Record>& records, const std::vector<HostOffer>& hosts) {
  Observations observations;
  for (const Record& record : records) {
    const auto host = std::ranges::find(hosts, record.host, &HostOffer::name);
    // A volume's guest is there only while the volume is emptied.
    if (record.life != Life::Present || host == hosts.end() || record.component == "volume")
      continue;
    for (const Claim& claim : record.claims) {
      if (claim.kind != Claim::Kind::Guest && claim.kind != Claim::Kind::Network)
        continue;
      const auto found =
          std::ranges::find_if(host->inventory.ours, [&](const Inventory::Found& other) {
            return other.claim.kind == claim.kind && other.claim.uuid == claim.uuid;
          });
      if (found == host->inventory.ours.end())
        observations[record.address] = {Observation::Kind::Gone, {}};
      else if (!found->running && !mutant("ignore-stopped"))
        observations[record.address] = {Observation::Kind::Stopped, {}};
    }
  }
  return observations;
}

}  // namespace encamp
