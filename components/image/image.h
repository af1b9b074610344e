// The component `image`: what a node's root starts from. See docs/images.md.
//
// Its volumes lie in a pool that all deployments of a host share. The last one written is the
// marker: without it the others are half made.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_image_component();

}  // namespace encamp
