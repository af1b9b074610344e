// How resolve reaches the files that a description names. The engine itself opens none: the program
// brings a loader that keeps paths below the description's directory, tests bring a map.
#pragma once

#include <string>

#include "engine/description/file_tree.h"

namespace encamp {

class Loader {
 public:
  virtual ~Loader() = default;

  /// The absolute path of `path`, as the file named `from` says it; relative paths start at that
  /// file's directory, those of a setting (Setting::kOption) in the working directory. Throws
  /// Error(NotFound) when nothing is there and Error(Denied) when it lies outside of what
  /// descriptions may read.
  virtual std::string locate(const std::string& path, const std::string& from) const = 0;

  /// A description that the file named `from` includes: `./x.yaml` beside that file, `batch/slurm`
  /// on the description path.
  struct Included {
    std::string absolute;  ///< The same for the same file, however it is named.
    std::string shown;     ///< As messages name it; locate() takes it as `from`.
  };
  /// Throws as locate() does.
  virtual Included locate_description(const std::string& name, const std::string& from) const = 0;

  /// How messages name a file that locate() returned; locate() takes it as `from`.
  virtual std::string shown(const std::string& absolute) const { return absolute; }

  /// The bytes of a file that locate() returned. Throws Error.
  virtual std::string load(const std::string& absolute) const = 0;

  /// All that lies below a directory that locate() returned. Throws Error: what is in it may lie
  /// outside of what descriptions may read, or be too much.
  virtual FileTree load_tree(const std::string& absolute) const = 0;
};

}  // namespace encamp
