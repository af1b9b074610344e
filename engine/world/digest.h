// SHA-256 (FIPS 180-4), by which files are compared and executions named.
#pragma once

#include <string>
#include <string_view>

namespace encamp {

/// The digest of `bytes` in hexadecimal, 64 characters. Threads: any.
std::string sha256(std::string_view bytes);

}  // namespace encamp
