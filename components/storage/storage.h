// The deployment's storage on its host: a pool in which the disks and consoles of its nodes lie.
// Nobody writes it in a file; nodes imply it.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_storage_component();

}  // namespace encamp
