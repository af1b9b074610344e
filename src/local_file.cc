#include "src/local_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"

namespace encamp {
namespace {

[[noreturn]] void throw_errno(const char* what, const std::filesystem::path& path, int error) {
  ErrorKind kind = ErrorKind::Failed;
  if (error == ENOENT)
    kind = ErrorKind::NotFound;
  if (error == ENOSPC || error == EDQUOT)
    kind = ErrorKind::NoRoom;
  if (error == EACCES || error == EPERM || error == EROFS)
    kind = ErrorKind::Denied;
  Error failure(kind, fmt::format("cannot {} '{}': {}", what, path.string(),
                                  std::system_category().message(error)));
  if (kind == ErrorKind::NoRoom)
    failure.with_hint("df -h " + path.parent_path().native());
  throw Error(failure);
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0)
    close(number_);
}

Descriptor open_file(const std::filesystem::path& path, int flags, unsigned mode) {
  Descriptor file(open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!file)
    throw_errno("open", path, errno);
  return file;
}

std::string read_whole_file(const std::filesystem::path& path) {
  const Descriptor file = open_file(path, O_RDONLY);
  std::string content;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = read(file.get(), buffer.data(), buffer.size());
    if (count < 0)
      throw_errno("read", path, errno);
    if (count == 0)
      return content;
    content.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

void write_whole_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
  const Descriptor file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
  while (!content.empty()) {
    const ssize_t count = write(file.get(), content.data(), content.size());
    if (count < 0)
      throw_errno("write", path, errno);
    content.remove_prefix(static_cast<std::size_t>(count));
  }
  if (fchmod(file.get(), mode) != 0)  // The umask has no say.
    throw_errno("write", path, errno);
}

void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error)
    throw_errno("create", path, error.value());
}

}  // namespace encamp
