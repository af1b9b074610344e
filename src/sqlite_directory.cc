#include "src/sqlite_directory.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/local_file.h"

namespace encamp {

namespace fs = std::filesystem;

bool is_lack_of_room(int number) {
  return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

bool is_denial(int number) {
  return number == EACCES || number == EPERM || number == EROFS;
}

void throw_unwritable(const fs::path& path, int number) {
  const bool full = is_lack_of_room(number);
  const bool denied = is_denial(number);
  throw Error(full     ? ErrorKind::NoRoom
              : denied ? ErrorKind::Denied
                       : ErrorKind::Failed,
              fmt::format("cannot write '{}': {}", path.native(), std::strerror(number)))
      .with_hint((denied ? "ls -ld " : "df -h ") + path.parent_path().native());
}

void sync_directory(const fs::path& path) {
  const Descriptor folder = open_file(path, O_RDONLY | O_DIRECTORY);
  if (fsync(folder.get()) != 0)
    throw_unwritable(path, errno);
}

void sync_directories(const fs::path& path) {
  sync_directory(path);
  for (fs::path above = path.parent_path(); !above.empty(); above = above.parent_path()) {
    const Descriptor folder(open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // What we may not read or not write was there before us.
    if (!folder && errno == EACCES)
      return;
    if ((!folder || fsync(folder.get()) != 0) && errno != EINVAL && errno != EROFS)
      throw_unwritable(above, errno);
    if (above == above.parent_path())
      return;
  }
}

}  // namespace encamp
