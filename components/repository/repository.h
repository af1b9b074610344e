// `repository: backports`: where apt of a node finds more packages.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_repository_component();

}  // namespace encamp
