// What a running domain has written to its console and nobody has read yet.
#pragma once

#include <chrono>
#include <functional>
#include <string>

struct _virConnect;
struct _virDomain;

namespace encamp {

/// Reads until `enough` says so, the domain ends or `limit` has passed; returns what was read. An
/// empty text when the domain has no console or somebody else reads it.
/// REQUIRES: no other call uses the connection meanwhile.
std::string read_console(_virConnect* connection, _virDomain* domain,
                         std::chrono::milliseconds limit,
                         const std::function<bool(const std::string&)>& enough);

}  // namespace encamp
