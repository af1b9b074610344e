// The trees that images start from, kept in the workshop's directory:
//
//     bases/<key>/root       the bootstrapped tree with its package index, which stays as it is
//     bases/<key>/index      names that index
//     bases/<key>/apt/       apt's cache of that index, for questions (workshop_local_packages.h)
//     bases/<key>/recipe     release and mirror that it was made for
//     bases/<key>/checked    of a file: which one had the right digest when it was read last
//     bases/<key>/machine/   upper: a layer with a kernel's modules; vmlinuz
//
// Whoever needs one that is not there makes it beside and renames it, so none is ever half made.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "engine/world/workshop.h"

namespace encamp {

struct BaseTree {
  std::string key;                  ///< Of release, architecture, sources and script.
  std::string index;                ///< SHA-256 of the package index that it was made with.
  std::filesystem::path directory;  ///< bases/<key>
};

class BaseTrees {
 public:
  explicit BaseTrees(std::filesystem::path directory) : directory_(std::move(directory)) {}

  /// The tree for `recipe`; makes it when it is not there: half a minute and some 60 MB of
  /// downloads. Throws Error(Failed), (NotFound) for a release without sources; of a file also
  /// when it is not the one that its digest says.
  BaseTree get(const ImageRecipe& recipe, const Workshop::Progress& progress) const;

  /// The trees that are there, by key.
  std::vector<std::string> keys() const;

  /// Makes the tree of that key anew, with the package index that its mirror has now, and puts it
  /// in the place of the old one. Returns whether the index is another one. Throws as get(), and
  /// Error(NotFound) for a tree that does not say what it was made from.
  bool renew(const std::string& key, const Workshop::Progress& progress) const;

  /// The directory machine/ of a tree, made when it is not there.
  std::filesystem::path machine(const BaseTree& base, const std::string& architecture,
                                const Workshop::Progress& progress) const;

  std::filesystem::path debs() const { return directory_ / "debs"; }
  std::filesystem::path temporary() const { return directory_ / "tmp"; }
  std::filesystem::path locks() const { return directory_ / "locks"; }

 private:
  std::filesystem::path directory_;
};

/// Whether packages can be installed in it: a file from elsewhere may be of another system.
bool has_apt(const BaseTree& base);

/// This machine's, as Debian calls it: amd64.
std::string own_architecture();

/// SHA-256 in hexadecimal.
std::string sha256_hex(std::string_view text);

/// Throws Error(Failed) with the apt-get command when a tool of the workshop is missing, and
/// Error(Denied) when we are not root.
void check_tools();

}  // namespace encamp
