// The secrets of a deployment: one file each, mode 0600, on the disk before anybody uses it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace encamp {

class SecretFiles {
 public:
  explicit SecretFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::optional<std::string> find(const std::string& name) const;
  /// The directory for them, mode 0700; durable once the one above it is synced.
  void make_directory() const;
  /// Whole or not at all; replaces one of that name. REQUIRES: make_directory().
  void keep(const std::string& name, const std::string& bytes) const;
  /// Durable before it returns; gone is no error.
  void forget(const std::string& name) const;
  /// Where a secret lies, for programs that want a file: `ssh -i`. `name` is any text.
  std::filesystem::path path_of(const std::string& name) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace encamp
