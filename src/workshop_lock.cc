#include "src/workshop_lock.h"

#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"

namespace encamp {
namespace {

// Whether the file that is open is still the one of that name: who frees a lock for good removes
// its file, and another may have opened it just before.
bool is_named(const Descriptor& file, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return fstat(file.get(), &opened) == 0 && stat(path.c_str(), &named) == 0 &&
         opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

void remove_tree(const std::filesystem::path& path) {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

}  // namespace

std::optional<FileLock> FileLock::try_take(const std::filesystem::path& path) {
  while (true) {
    Descriptor file = open_file(path, O_RDWR | O_CREAT, 0600);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0)
      return std::nullopt;
    if (is_named(file, path))
      return FileLock(std::move(file));
  }
}

FileLock FileLock::take(const std::filesystem::path& path) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(30);
  while (std::chrono::steady_clock::now() < deadline) {
    if (std::optional<FileLock> lock = try_take(path))
      return std::move(*lock);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // flock has no deadline
  }
  throw Error(ErrorKind::Busy,
              fmt::format("another process has held '{}' for 30 minutes", path.string()))
      .with_hint(fmt::format("fuser -v '{}'", path.string()));
}

BuildDirectory::BuildDirectory(const std::filesystem::path& parent) {
  static std::atomic<int> count = 0;
  make_directories(parent);
  const std::string name = fmt::format("{}-{}", getpid(), ++count);
  lock_ = FileLock::take(parent / (name + ".lock"));
  path_ = parent / name;
  remove_tree(path_);  // Of a dead process that had our number.
  make_directories(path_);
}

BuildDirectory::~BuildDirectory() {
  remove_tree(path_);
  unlink((path_.string() + ".lock").c_str());
}

void BuildDirectory::sweep(const std::filesystem::path& parent) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(parent, error)) {
    if (entry.path().extension() != ".lock")
      continue;
    if (const std::optional<FileLock> dead = FileLock::try_take(entry.path())) {
      remove_tree(entry.path().parent_path() / entry.path().stem());
      unlink(entry.path().c_str());
    }
  }
}

}  // namespace encamp
