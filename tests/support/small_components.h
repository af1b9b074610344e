// Components that are as small as can be, for tests of what runs them: a network, a node with a
// disk on it, a file and a command on the node.
#pragma once

#include "engine/component/registry.h"

namespace encamp::test {

/// `network`, `storage`, `node`, `file`, `command`, with the properties that bind gives.
/// A `command` has `text`, run under a receipt; its late attribute is `output`.
void add_small_components(Registry& registry);

}  // namespace encamp::test
