// Evidence and collected files, in a folder of this machine.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "engine/run/report.h"

namespace encamp {

/// The folder is made when the first thing is kept. Threads: any.
class FolderReport : public Report {
 public:
  explicit FolderReport(std::filesystem::path folder) : folder_(std::move(folder)) {}

  void keep(const std::string& path, std::string_view bytes) override;

  const std::filesystem::path& folder() const { return folder_; }
  /// Whether anything was kept.
  bool is_used() const;
  /// Why something could not be kept; empty when all was.
  std::string problem() const;

 private:
  std::filesystem::path folder_;
  mutable std::mutex mutex_;
  bool used_ = false;  // Guarded by mutex_; so is the next.
  std::string problem_;
};

/// `path` as a path of safe file names: no `..`, no leading slash or dot, nothing but letters,
/// digits and `._-+@=,` in a name.
std::filesystem::path safe_path(std::string_view path);

}  // namespace encamp
