// A repository of Debian packages, as apt is told of it: on a node, and in the image it starts
// from.
#pragma once

#include <string>
#include <vector>

#include "engine/description/value.h"

namespace encamp {

struct Repository {
  std::string name;  ///< Letters, digits, `-` and `_`.
  std::string url;
  std::vector<std::string> suites;
  std::vector<std::string> components;
  std::string key;  ///< Armored text, the path of a keyring, or empty: the keys that apt trusts.
  bool operator==(const Repository&) const = default;
};

/// Of the properties of a `repository` item. REQUIRES: they are known.
Repository repository_of(const Properties& properties);

/// The file that apt reads it from, and what is in it: deb822-style, sources.list(5).
std::string path_of(const Repository& repository);
std::string to_sources(const Repository& repository);

}  // namespace encamp
