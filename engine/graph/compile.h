// From a site to its graph.
#pragma once

#include "engine/component/registry.h"
#include "engine/description/diagnostic.h"
#include "engine/description/site.h"
#include "engine/graph/graph.h"

namespace encamp {

/// Adds what is implied (Component::expand) and finds all needs:
///
/// - a software item needs its node, and the item before it; packages without `needs` come first;
/// - what `needs` names; a node there means all that lies on it;
/// - a value that refers to a late attribute needs the resource that has it. One that refers to a
///   chosen attribute (an address) needs nobody, but the resource must exist;
/// - what a component says.
///
/// Calls Component::check for every resource. Needs of tests are checked (a test needs the whole
/// site, so they make no edges). What is wrong, a cycle too, goes into `diagnostics`; then the
/// graph is for printing only and `order` is empty when there is a cycle.
/// REQUIRES: every resource's component is in `registry`.
Graph compile(Site site, const Registry& registry, Diagnostics& diagnostics);
/// Takes the resources out of `site`, of which nothing else changes.
Graph compile_from(Site& site, const Registry& registry, Diagnostics& diagnostics);

/// Adds the cycles among what is written in a site that has other mistakes already, so that one run
/// tells both. Implied needs are not looked at.
void find_need_cycles(Site site, const Registry& registry, Diagnostics& diagnostics);

}  // namespace encamp
