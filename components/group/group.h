// `group: grid`: a group of users on a node.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_group_component();

}  // namespace encamp
