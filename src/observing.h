// Looking at a deployment without changing it: what hosts list, and what is inside its nodes.
#pragma once

#include "engine/plan/plan.h"
#include "engine/state/journal.h"
#include "engine/world/world.h"
#include "src/program.h"

namespace encamp {

/// Returns `listed`, what the hosts' listings said (observe()), with what is seen of everything
/// else, inside nodes too (observe_inside()). Nothing changes, in the journal neither.
/// `parallel`: so many nodes at once; 0: the engine's default.
Observations look_inside(Program& program, World& world, Journal& journal, Observations listed,
                         int parallel = 0);

}  // namespace encamp
