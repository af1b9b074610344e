// Components with schemas like those of the tree, for tests of what comes before anything is made.
// They realize nothing.
#pragma once

#include "engine/component/registry.h"

namespace encamp::test {

/// network, image, node, package, file, user, group, service, command.
Registry typed_registry();

}  // namespace encamp::test
