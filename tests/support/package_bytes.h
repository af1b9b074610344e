// A Debian package as bytes, as small as it can be: it installs nothing.
#pragma once

#include <string>

namespace encamp::test {

/// `more` are further lines of its control file.
std::string package_bytes(const std::string& name, const std::string& version,
                          const std::string& architecture = "all", const std::string& more = "");

}  // namespace encamp::test
