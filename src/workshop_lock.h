// Locks and directories of the workshop that end with their holder: the kernel frees a lock when
// the process dies, and what the dead left is swept by the next who builds.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "src/local_file.h"

namespace encamp {

/// An flock(2) on a file; freed when it goes.
class FileLock {
 public:
  /// Nothing while another one holds it, in this process or another.
  static std::optional<FileLock> try_take(const std::filesystem::path& path);
  /// Waits. Throws Error(Busy) after 30 minutes.
  static FileLock take(const std::filesystem::path& path);

 private:
  explicit FileLock(Descriptor file) : file_(std::move(file)) {}
  Descriptor file_;
};

/// A directory below `parent` that nobody else uses, removed with everything in it when it goes.
class BuildDirectory {
 public:
  explicit BuildDirectory(const std::filesystem::path& parent);
  ~BuildDirectory();
  BuildDirectory(const BuildDirectory&) = delete;
  BuildDirectory& operator=(const BuildDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

  /// Removes the directories below `parent` whose builders are dead.
  static void sweep(const std::filesystem::path& parent);

 private:
  std::filesystem::path path_;
  std::optional<FileLock> lock_;  ///< On `<path>.lock`, from before the directory is there.
};

}  // namespace encamp
