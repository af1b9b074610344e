#include "src/sqlite_lock.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <sstream>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"

namespace encamp {
namespace {

// Whether the locked file is still the one of that name: its holder may have removed the folder
// just before we got it.
bool is_still_there(int file, const std::filesystem::path& path) {
  struct stat locked {};
  struct stat named {};
  return fstat(file, &locked) == 0 && stat(path.c_str(), &named) == 0 &&
         locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
}

// What the holder wrote into the file.
std::string holder_of(const std::filesystem::path& path) {
  std::istringstream holder(read_whole_file(path));
  std::string pid;
  std::string command;
  std::string since;
  std::getline(holder, pid);
  std::getline(holder, command);
  std::getline(holder, since);
  return fmt::format("'encamp {}' (process {}) since {}", command, pid, since);
}

[[noreturn]] void throw_busy(const std::filesystem::path& path) {
  const std::string name = path.parent_path().filename().native();
  throw Error(ErrorKind::Busy,
              fmt::format("deployment '{}' is in use by {}", name, holder_of(path)))
      .with_hint("encamp status " + name);
}

}  // namespace

DeploymentLock::DeploymentLock(const std::filesystem::path& folder, const std::string& command) {
  const std::filesystem::path path = folder / "lock";
  constexpr int kTries = 10;
  for (int i = 0; i < kTries; ++i) {
    make_directories(folder);
    Descriptor file = open_file(path, O_RDWR | O_CREAT, 0600);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK)
        throw_busy(path);
      throw Error(ErrorKind::Failed,
                  fmt::format("cannot lock '{}': {}", path.native(), std::strerror(errno)));
    }
    if (!is_still_there(file.get(), path))
      continue;
    const std::string text = fmt::format("{}\n{}\n{:%Y-%m-%d %H:%M:%S}\n", getpid(), command,
                                         fmt::localtime(std::time(nullptr)));
    // For people only: that it cannot be written hinders nobody.
    if (ftruncate(file.get(), 0) == 0) [[maybe_unused]]
      const ssize_t written = pwrite(file.get(), text.data(), text.size(), 0);
    file_ = std::move(file);
    return;
  }
  throw Error(ErrorKind::Busy, fmt::format("'{}' comes and goes", folder.native()));
}

std::optional<std::string> find_lock_holder(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "lock";
  struct stat named {};
  if (stat(path.c_str(), &named) != 0)
    return std::nullopt;
  std::string pid = read_whole_file(path);
  pid.resize(std::min(pid.find('\n'), pid.size()));
  // A line of proc_locks(5): `1: FLOCK  ADVISORY  WRITE 123 08:02:4711 0 EOF`. The device is not
  // compared: of some file systems (btrfs) it is another one than stat's.
  const std::string process = fmt::format(" {} ", pid);
  const std::string file = fmt::format(":{} ", named.st_ino);
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    if (line.find(": FLOCK ") != std::string::npos && line.find(process) != std::string::npos &&
        line.find(file) != std::string::npos)
      return holder_of(path);
  }
  return std::nullopt;
}

}  // namespace encamp
