// `munge-key: {secret: {bytes: 32}}`: random bytes that a site keeps for itself.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_secret_component();

}  // namespace encamp
