// SHA-256 (FIPS 180-4), by which files are compared and executions named, and HMAC (RFC 2104) with
// it.
#pragma once

#include <string>
#include <string_view>

namespace encamp {

/// The digest of `bytes` in hexadecimal, 64 characters. Threads: any.
std::string sha256(std::string_view bytes);

/// HMAC-SHA-256 likewise: nobody without `key` can tell which bytes it is of. Threads: any.
std::string hmac_sha256(std::string_view key, std::string_view bytes);

}  // namespace encamp
