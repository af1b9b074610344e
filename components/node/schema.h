// What a node's description may say, and what can be asked of one.
#pragma once

#include "engine/component/schema.h"

namespace encamp {

Schema make_node_schema();

}  // namespace encamp
