// Networks of a site: a bridge on the host with the host's own address, DNS for the names of the
// nodes, and a way out where wanted.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_network_component();

}  // namespace encamp
