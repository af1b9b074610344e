// Whose a thing on a host is. Everything encamp makes carries an Owner in its metadata and a UUID
// that follows from it, so that it is found again after any crash and nothing else is touched.
#pragma once

#include <optional>
#include <string>

#include "engine/description/address.h"

namespace encamp {

struct Owner {
  std::string deployment;  ///< The deployment's random id, a UUID as text.
  Address address;
  int generation = 1;  ///< Grows by one at each replacement.
  bool operator==(const Owner&) const = default;
};

/// The UUID (version 5, RFC 4122 section 4.3) of the thing called `role` that `owner` has: a
/// node's guest is "guest". Equal input, equal UUID.
std::string uuid_of(const Owner& owner, const std::string& role);

/// An object on a host that a resource may have made: written to the journal before it is made,
/// looked up by it afterwards.
struct Claim {
  enum class Kind { Network, Pool, Volume, Guest };
  Kind kind = Kind::Guest;
  std::string name;  ///< For people, and what must be unique on the host.
  std::string uuid;  ///< Empty for volumes: they have none, their pool has.
  std::string pool;  ///< Volumes: the name of the pool they lie in.
  bool operator==(const Claim&) const = default;
};

}  // namespace encamp
