// What lies below a directory of this machine, read into a value: `source: ./dir` of a directory.
// As a value it is a mapping by name, so a plan can tell which files are others.
#pragma once

#include <string>
#include <vector>

#include "engine/description/value.h"

namespace encamp {

struct FileInTree {
  enum class Kind { File, Executable, Directory, Link };
  std::string name;  ///< `conf.d/a.conf`
  Kind kind = Kind::File;
  std::string content;  ///< A file's bytes, or where a link leads.
  bool operator==(const FileInTree&) const = default;
};

/// Sorted by name, so that a directory comes before what is in it.
using FileTree = std::vector<FileInTree>;

Value to_value(const FileTree& tree);
/// REQUIRES: `value` is one that to_value() made.
FileTree file_tree_of(const Value& value);

/// The names of what is only in one of them, or not the same in both; sorted.
std::vector<std::string> names_that_differ(const FileTree& one, const FileTree& other);

}  // namespace encamp
