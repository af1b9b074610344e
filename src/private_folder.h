// A folder for files that nobody else may read, gone with the object.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace encamp {

class PrivateFolder {
 public:
  /// In $XDG_RUNTIME_DIR where there is one, which lies in memory, else in the folder for temporary
  /// files. Throws Error(Denied).
  PrivateFolder();
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;

  /// Writes a file of mode 0600 and returns its path. Throws Error(Denied).
  std::string write(const std::string& name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

/// Throws Error(NotFound) that names the Debian package when `program` is not in the PATH.
void require_program(const std::string& program, const std::string& package);

}  // namespace encamp
