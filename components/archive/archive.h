// `archive: /opt/app`: what is in a tar archive, unpacked on a node.
#pragma once

#include <memory>

#include "engine/component/component.h"

namespace encamp {

std::unique_ptr<const Component> make_archive_component();

}  // namespace encamp
