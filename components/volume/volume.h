// Space of the site that several nodes mount: a directory in the deployment's storage. It outlives
// the nodes and goes with the site.
//
//     volumes: {session: {size: 2 GiB}}
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_volume_component();

}  // namespace encamp
