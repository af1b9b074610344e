// Files that descriptions name, on this machine.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "engine/description/loader.h"

namespace encamp {

/// Lets a description read what lies below its own directory, or below `library` (the installed
/// descriptions) or what the user allows; links are followed and must end there too. What the user
/// names himself, by --set or a variable, may lie anywhere; relative paths there begin in the
/// working directory.
class LocalLoader : public Loader {
 public:
  static constexpr std::size_t kLimit = 16 << 20;  ///< Bytes of one file, or of a tree.
  static constexpr std::size_t kMostFiles = 4096;  ///< Of a tree, with its directories.

  /// `description` is the site's own file, `allowed` what it may read besides: --allow-path.
  LocalLoader(const std::filesystem::path& description, std::filesystem::path library,
              const std::vector<std::string>& allowed = {});

  std::string locate(const std::string& path, const std::string& from) const override;
  Included locate_description(const std::string& name, const std::string& from) const override;
  std::string shown(const std::string& absolute) const override;
  std::string load(const std::string& absolute) const override;
  /// Links that stay within the tree are kept as links, others are followed.
  FileTree load_tree(const std::string& absolute) const override;

 private:
  void add_files(const std::filesystem::path& directory, const std::filesystem::path& below,
                 FileTree& tree, std::size_t& bytes) const;
  bool may_read(const std::filesystem::path& real) const;
  std::filesystem::path directory_;
  std::filesystem::path library_;
  /// Also what settings name; one thread resolves.
  mutable std::set<std::filesystem::path> allowed_;
};

/// The whole text of a file. Throws Error(NotFound), Error(Denied), or Error(NoRoom) when it is
/// longer than `limit`.
std::string read_text(const std::filesystem::path& path, std::size_t limit);

}  // namespace encamp
