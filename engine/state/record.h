// A row of the journal: one resource in one generation, and how far its life has got.
#pragma once

#include <string>
#include <vector>

#include "engine/description/value.h"
#include "engine/world/owner.h"

namespace encamp {

/// ```
///  intended ──▶ present ──▶ removing ──▶ removed ──▶ gone
/// ```
/// Each arrow is a committed transaction. `intended` may be there in part; `removed` is looked at
/// again before the deployment closes, because a late creation can bring it back.
enum class Life { Intended, Present, Removing, Removed, Gone };

struct Record {
  Address address;
  int generation = 1;
  std::string component;
  Life life = Life::Intended;
  std::string host;       ///< Where it is; for a software item its node's.
  Properties properties;  ///< What was last asked for, choices included; known values only.
  Attributes attributes;  ///< What realize reported.
  Properties notes;       ///< What the component noted on the way (Context::note).
  std::vector<Claim> claims;
  std::vector<Address> needs;  ///< What it needed, for the order of removal.
  Duration took{0};            ///< How long realizing it took; the scheduler's estimate.
  bool operator==(const Record&) const = default;
};

/// The note that parts a resource from what had its address and generation before and has gone,
/// with its row: random, the same for all rows that are chosen together, part of every receipt.
inline constexpr const char* kLifeNote = "life";

std::string to_string(Life life);
/// Throws std::invalid_argument.
Life life_from(std::string_view text);

}  // namespace encamp
