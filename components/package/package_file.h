// A `.deb` file as its bytes.
#pragma once

#include <string>
#include <string_view>

#include "engine/world/local_package.h"

namespace encamp {

/// What the file at `path` with these bytes says of itself. Throws Error(Failed) when it is no
/// Debian package. Threads: any.
LocalPackage read_package_file(const std::string& path, std::string_view bytes);

/// Debian's name for the architecture of this program: `amd64`.
std::string own_architecture_name();

}  // namespace encamp
