// The component `node`: a machine of the site, container or virtual machine. See docs/nodes.md.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_node_component();

}  // namespace encamp
