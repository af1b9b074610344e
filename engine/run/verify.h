// Looks again for what was removed: a creation that was on its way when it was removed can bring
// it back.
#pragma once

#include "engine/run/action_context.h"

namespace encamp {

/// The claims of `record` that are on its host, ours by UUID. A volume in a pool of that name that
/// is not ours is not ours either.
std::vector<Claim> claims_present(RunState& state, const Record& record);

/// Makes sure that nothing of `record` is there: what came back is removed again, twice at most.
/// Throws Error(Failed) when it still is there, and what the host throws.
void verify_removed(RunState& state, Record record);

}  // namespace encamp
