#include "src/sqlite_secrets.h"

#include <cctype>
#include <cerrno>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/local_file.h"
#include "src/sqlite_directory.h"

namespace encamp {

namespace fs = std::filesystem;

fs::path SecretFiles::path_of(const std::string& name) const {
  std::string safe;
  for (const char c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ||
                       (c == '.' && !safe.empty());
    safe += plain ? std::string(1, c) : fmt::format("%{:02x}", static_cast<unsigned char>(c));
  }
  return folder_ / safe;
}

std::optional<std::string> SecretFiles::find(const std::string& name) const {
  const fs::path path = path_of(name);
  if (!fs::exists(path))
    return std::nullopt;
  return read_whole_file(path);
}

void SecretFiles::make_directory() const {
  if (mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST)
    throw_unwritable(folder_, errno);
}

void SecretFiles::keep(const std::string& name, const std::string& bytes) const {
  const fs::path path = path_of(name);
  fs::path beside = path;
  beside += "%new";  // No secret's own file: its names have digits after a percent sign.
  {
    const Descriptor file = open_file(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t written = write(file.get(), bytes.data() + done, bytes.size() - done);
      if (written < 0 && errno == EINTR)
        continue;
      if (written < 0)
        throw_unwritable(path, errno);
      done += static_cast<std::size_t>(written);
    }
    if (fsync(file.get()) != 0)
      throw_unwritable(path, errno);
  }
  if (std::rename(beside.c_str(), path.c_str()) != 0)
    throw_unwritable(path, errno);
  sync_directory(folder_);
}

void SecretFiles::forget(const std::string& name) const {
  const fs::path path = path_of(name);
  if (unlink(path.c_str()) == 0)
    sync_directory(folder_);
  else if (errno != ENOENT)
    throw_unwritable(path, errno);
}

}  // namespace encamp
