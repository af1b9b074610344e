// Whether a deployment fits on a host.
#pragma once

#include "engine/bind/bind.h"

namespace encamp {

/// What the nodes and volumes of a graph ask for together.
struct Demand {
  Bytes memory;
  Bytes disk;
};
Demand demand_of(const Graph& graph);

/// Throws Error(NoRoom) with the figures: what is wanted, what is there, who holds it. Another
/// deployment holds what it reserved or what its guests have, whichever is more. What this
/// deployment reserved before is not asked for again.
void check_room(const Graph& graph, const BindInput& input, const HostOffer& host);

}  // namespace encamp
