#include "src/sqlite_secrets.h"

#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/local_file.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_unwritable(const fs::path& path, int number) {
  const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
  const std::string folder = path.parent_path().native();
  throw Error(full ? ErrorKind::NoRoom : ErrorKind::Denied,
              fmt::format("cannot write '{}': {}", path.native(), std::strerror(number)))
      .with_hint((full ? "df -h " : "ls -ld ") + folder);
}

}  // namespace

void sync_directory(const fs::path& path) {
  const Descriptor folder = open_file(path, O_RDONLY | O_DIRECTORY);
  if (fsync(folder.get()) != 0)
    throw_unwritable(path, errno);
}

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

void SecretFiles::keep(const std::string& name, const std::string& bytes) const {
  const fs::path path = path_of(name);
  if (mkdir(folder_.c_str(), 0700) == 0)
    sync_directory(folder_.parent_path());
  else if (errno != EEXIST)
    throw_unwritable(path, errno);
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

}  // namespace encamp
