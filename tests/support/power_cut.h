// What a disk may hold after the power went, as POSIX allows it and no better:
//
// - a file's bytes are what its last sync found; of what was written or truncated since, each
//   sector of 512 bytes may be there, torn, of an older write, or missing, in any order, and where
//   the file has grown and nothing came there may be zeros or garbage;
// - a name made, renamed or removed is so after the directory was synced; before, those of one
//   directory come in their order, as with any journaled file system, and as many as happened to.
//   A sync of the file alone is none of its name.
//
//     PowerCut disk;
//     for (const DiskCall& call : calls.recorded()) {
//       disk.apply(call);
//       disk.leave(seed, "/dev/shm/after");
//     }
//
// Threads: one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/support/disk_calls.h"

namespace encamp::test {

class PowerCut {
 public:
  /// `seed` decides what a failed sync has brought to the disk.
  explicit PowerCut(std::uint64_t seed = 0);

  void apply(const DiskCall& call);

  /// Writes what is left after a power cut here into `target`, which must not exist. The same calls
  /// and seed leave the same. Seeds 0 and 1: nothing of what is not synced, all of it.
  void leave(std::uint64_t seed, const std::filesystem::path& target) const;

 private:
  using Number = std::size_t;  ///< Of a file or directory, in the order they were made.

  struct Change {
    bool truncates = false;
    std::size_t position = 0;
    std::string bytes;
  };
  struct Entry {
    std::string name;
    Number node = 0;
    std::string removes;  ///< A name that goes in the same moment; may be empty.
  };
  struct Node {
    bool is_directory = false;
    std::string durable;  ///< A file's.
    std::vector<Change> changes;
    std::map<std::string, Number> names;  ///< A directory's that are durable.
    std::vector<Entry> entries;           ///< Made or, without a name, only removed since.
  };

  Node& directory_of(const std::string& path);
  static std::string name_in(const std::string& path);
  static std::string content(const Node& file, std::mt19937_64& random, std::uint64_t seed);
  static std::map<std::string, Number> names(const Node& directory, std::size_t entries);
  void leave(const Node& directory, std::mt19937_64& random, std::uint64_t seed,
             const std::filesystem::path& target) const;

  std::vector<Node> nodes_;
  std::map<std::string, Number> paths_;  ///< As the running system sees them.
  std::mt19937_64 random_;               ///< For failed syncs.
};

}  // namespace encamp::test
