// Looks at what a deployment has, also inside its nodes, for what was changed or ended behind our
// back. Each node is asked once about all that lies on it, all nodes at the same time; nothing is
// changed and nothing is written to the journal.
//
//     Observations seen = observe(journal.records(), offers);       // what the hosts list
//     seen = observe_inside(std::move(seen), facts, environment);
//     make_plan(bound, registry, records, seen);
#pragma once

#include "engine/plan/plan.h"
#include "engine/run/environment.h"
#include "engine/state/deployment.h"

namespace encamp {

/// Returns `seen` with an observation of every resource that the journal has as Present. A node
/// that `seen` has as gone or stopped is not asked, and nothing is said of what lies on it. Who
/// cannot be looked at is Observation::Kind::Silent.
/// Throws Error(Interrupted) when `environment.stop` is requested.
Observations observe_inside(Observations seen, const Deployment& facts, Environment& environment);

}  // namespace encamp
