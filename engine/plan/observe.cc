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
        observations[record.address] = {.kind = Observation::Kind::Gone};
      else if (!found->running && !mutant("ignore-stopped"))
        observations[record.address] = {.kind = Observation::Kind::Stopped};
    }
  }
  return observations;
}

Change drift_of(const Component& component, const Record& record, const Observation& seen) {
  using Kind = Change::Kind;
  const bool lies_on_host =
      record.component == "node" || record.component == "network" || record.component == "volume";
  switch (seen.kind) {
    case Observation::Kind::Gone:
      // A node that is gone took all that was in it along.
      return {.kind = lies_on_host ? Kind::Replace : Kind::Update, .reasons = {"is gone"}};
    case Observation::Kind::Stopped:
      return {.kind = Kind::Update, .reasons = {"is not running"}, .restarts = true};
    case Observation::Kind::Silent:
      return {.kind = Kind::Update, .reasons = {"cannot be looked at: " + seen.why}};
    case Observation::Kind::Seen:
      break;
  }
  if (seen.properties.empty())
    return {};
  Change drift = component.compare(record.properties, seen.properties);
  for (std::string& reason : drift.reasons)
    reason = "drift: " + reason;
  return drift;
}

}  // namespace encamp
