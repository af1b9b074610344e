// Debian packages of this machine that nodes take instead of those of the repositories: the patch
// under test. On a node, and in the tree of an image, they lie in one directory:
//
//     /var/lib/encamp/packages/STEM.deb       the file
//     /var/lib/encamp/packages/STEM.control   what apt has to know of it
//     /var/lib/encamp/packages/apply          local_package_script()
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/description/value.h"

namespace encamp {

inline constexpr const char* kLocalPackages = "/var/lib/encamp/packages";

struct LocalPackage {
  std::string path;          ///< On this machine, absolute.
  std::string digest;        ///< SHA-256 of the file.
  std::string name;          ///< Of the package.
  std::string version;       ///< As apt knows it.
  std::string architecture;  ///< `amd64`, `all`.
  std::string control;       ///< The whole of its control file, with a newline at its end.
  Bytes size;
};

/// A mapping with a key for each; what a property `files` is a list of.
Value to_value(const LocalPackage& package);
/// REQUIRES: `value` is one that to_value() made.
LocalPackage local_package_of(const Value& value);
/// Of the property `files`; none when it is missing.
std::vector<LocalPackage> local_packages_of(const Properties& properties);

/// `hello_2.10-3_amd64.5f3c9a01`, equal for equal files.
std::string stem_of(const LocalPackage& package);
/// STEM.control
std::string to_control(const LocalPackage& package);
/// What `name` says in a control file, continued lines too; empty when it is not there.
std::string control_field(const std::string& control, const std::string& name);
/// The names of all that it depends on, alternatives too.
std::vector<std::string> depends_of(const LocalPackage& package);
/// `hello 2.10-3`, for people.
std::string about(const LocalPackage& package);

/// A script for sh that root runs as `apply index` before apt installs something, so that it takes
/// what lies there, and as `apply settle` after it, so that every installed package is from there
/// that is offered there. What was and is offered no more goes back to what repositories have.
std::string_view local_package_script();

}  // namespace encamp
