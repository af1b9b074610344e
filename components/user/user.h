// `user: alice`: an account on a node.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_user_component();

}  // namespace encamp
