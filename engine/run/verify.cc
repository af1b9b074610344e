#include "engine/run/verify.h"

#include <algorithm>

#include <fmt/format.h>

namespace encamp {
namespace {

// Whether the pool of that name should be ours, of any generation, and another one stands there.
bool is_foreign_pool(RunState& state, Host& host, const std::string& name) {
  bool should_be_ours = false;
  for (const Record& record : state.records.all()) {
    for (const Claim& claim : record.claims) {
      if (claim.kind != Claim::Kind::Pool || claim.name != name)
        continue;
      const std::optional<PoolState> pool = host.find_pool(claim);
      if (!pool || pool->uuid == claim.uuid)
        return false;
      should_be_ours = true;
    }
  }
  return should_be_ours;
}

bool is_present(RunState& state, Host& host, const Claim& claim) {
  switch (claim.kind) {
    case Claim::Kind::Network: {
      const std::optional<NetworkState> found = host.find_network(claim);
      return found && found->uuid == claim.uuid;
    }
    case Claim::Kind::Pool: {
      const std::optional<PoolState> found = host.find_pool(claim);
      return found && found->uuid == claim.uuid;
    }
    case Claim::Kind::Guest: {
      const std::optional<GuestState> found = host.find_guest(claim);
      return found && found->uuid == claim.uuid;
    }
    case Claim::Kind::Volume:
      return host.find_volume({claim.pool, claim.name}) &&
             !is_foreign_pool(state, host, claim.pool);
  }
  return false;
}

}  // namespace

std::vector<Claim> claims_present(RunState& state, const Record& record) {
  Host& host = state.environment.world.host(record.host);
  std::vector<Claim> present;
  for (const Claim& claim : record.claims) {
    if (is_present(state, host, claim))
      present.push_back(claim);
  }
  return present;
}

void verify_removed(RunState& state, Record record) {
  const Component* component = state.environment.registry.find(record.component);
  std::vector<Claim> present = claims_present(state, record);
  for (int round = 0; round < 2 && !present.empty() && component != nullptr; ++round) {
    ActionContext context(state, record, "remove");
    component->remove(record, context);
    present = claims_present(state, record);
  }
  if (!present.empty())
    throw Error(ErrorKind::Failed,
                fmt::format("'{}' is still there after it was removed", present.front().name));
}

}  // namespace encamp
