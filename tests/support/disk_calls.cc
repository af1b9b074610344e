// With fortified headers the calls below could not be defined.
#undef _FORTIFY_SOURCE
#include "tests/support/disk_calls.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <cstdarg>
#include <cstdio>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace encamp::test {
namespace {

using Kind = DiskCall::Kind;

DiskCalls* the_active = nullptr;

std::optional<std::string> path_of(int file) {
  std::array<char, 4096> buffer{};
  const std::string link = fmt::format("/proc/self/fd/{}", file);
  const long length = syscall(SYS_readlinkat, AT_FDCWD, link.c_str(), buffer.data(), buffer.size());
  if (length <= 0)
    return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace

std::string to_string(const DiskCall& call) {
  switch (call.kind) {
    case Kind::Create:
      return fmt::format("create {}", call.path);
    case Kind::Write:
      return fmt::format("write {} at {}: {} bytes", call.path, call.position, call.bytes.size());
    case Kind::Truncate:
      return fmt::format("truncate {} to {}", call.path, call.position);
    case Kind::Sync:
      return fmt::format("sync {}", call.path);
    case Kind::FailedSync:
      return fmt::format("sync {}, which fails", call.path);
    case Kind::Rename:
      return fmt::format("rename {} to {}", call.path, call.other);
    case Kind::Remove:
      return fmt::format("remove {}", call.path);
    case Kind::MakeDirectory:
      return fmt::format("make directory {}", call.path);
  }
  return {};
}

DiskCalls::DiskCalls(std::filesystem::path directory) : directory_(std::move(directory)) {
  assert(the_active == nullptr);
  the_active = this;
}

DiskCalls::~DiskCalls() {
  the_active = nullptr;
}

DiskCalls* DiskCalls::active() {
  return the_active;
}

void DiskCalls::fail(std::size_t nth, int error, std::size_t times) {
  fail_from_ = nth;
  fail_times_ = times;
  error_ = error;
  failed_ = 0;
}

std::optional<std::string> DiskCalls::inside(int directory, const char* path) const {
  const std::filesystem::path name(path);
  std::filesystem::path whole = name;
  if (!name.is_absolute()) {
    const std::optional<std::string> above = path_of(directory);
    if (!above)
      return std::nullopt;
    whole = std::filesystem::path(*above) / name;
  }
  const std::string text = whole.lexically_normal().native();
  const std::string root = directory_.native() + "/";
  if (!text.starts_with(root))
    return std::nullopt;
  return text.substr(root.size());
}

std::optional<std::string> DiskCalls::inside(int file) const {
  const std::optional<std::string> path = path_of(file);
  if (path == directory_.native())
    return std::string();
  return path ? inside(AT_FDCWD, path->c_str()) : std::nullopt;
}

int DiskCalls::begin(const DiskCall& call) {
  const std::size_t nth = ++tried_;
  if (fail_times_ == 0 || nth < fail_from_ || nth - fail_from_ >= fail_times_)
    return 0;
  if (++failed_ == 1)
    first_failed_ = call;
  if (call.kind == Kind::Sync && !dead_) {
    DiskCall failed = call;
    failed.kind = Kind::FailedSync;
    recorded_.push_back(std::move(failed));
  }
  return error_;
}

void DiskCalls::end(DiskCall call) {
  if (call.kind != Kind::Sync || !ignore_sync || !ignore_sync(call.path))
    recorded_.push_back(std::move(call));
}

namespace {

template <typename Real>
long change(const std::optional<std::string>& path, DiskCall call, Real real) {
  if (!path)
    return real();
  call.path = *path;
  if (const int error = the_active->begin(call); error != 0) {
    errno = error;
    return -1;
  }
  const long result = real();
  if (result >= 0)
    the_active->end(std::move(call));
  return result;
}

std::optional<std::string> inside(int directory, const char* path) {
  return the_active == nullptr ? std::nullopt : the_active->inside(directory, path);
}

std::optional<std::string> inside(int file) {
  return the_active == nullptr ? std::nullopt : the_active->inside(file);
}

int open_at(int directory, const char* path, int flags, mode_t mode) {
  const auto real = [&] { return syscall(SYS_openat, directory, path, flags, mode); };
  const std::optional<std::string> name =
      (flags & (O_CREAT | O_TRUNC)) != 0 ? inside(directory, path) : std::nullopt;
  struct stat found {};
  const bool there = name && fstatat(directory, path, &found, 0) == 0;
  if (!name || (there && ((flags & O_TRUNC) == 0 || found.st_size == 0)))
    return static_cast<int>(real());
  return static_cast<int>(change(name, {.kind = there ? Kind::Truncate : Kind::Create}, real));
}

ssize_t write_at(int file, const void* bytes, std::size_t size, std::optional<off_t> position) {
  const auto real = [&](std::size_t count) {
    return position ? syscall(SYS_pwrite64, file, bytes, count, *position)
                    : syscall(SYS_write, file, bytes, count);
  };
  const std::optional<std::string> path = inside(file);
  if (!path)
    return real(size);
  DiskCall call{.kind = Kind::Write,
                .path = *path,
                .position = position ? *position : lseek(file, 0, SEEK_CUR)};
  const int error = the_active->begin(call);
  // A failing write is no longer than half, and says nothing of what it did.
  const long done = real(error == 0 ? size : the_active->failed() > 1 ? 0 : size / 2);
  if (done > 0) {
    call.bytes.assign(static_cast<const char*>(bytes), static_cast<std::size_t>(done));
    the_active->end(std::move(call));
  }
  if (error == 0)
    return done;
  errno = error;
  return -1;
}

int truncate_to(int file, off_t size) {
  return static_cast<int>(change(inside(file), {.kind = Kind::Truncate, .position = size},
                                 [&] { return syscall(SYS_ftruncate, file, size); }));
}

// Nothing of a test must outlive a real power loss.
int sync(int file) {
  return static_cast<int>(change(inside(file), {.kind = Kind::Sync}, [] { return 0L; }));
}

int remove_at(int directory, const char* path, int flags) {
  return static_cast<int>(change(inside(directory, path), {.kind = Kind::Remove},
                                 [&] { return syscall(SYS_unlinkat, directory, path, flags); }));
}

}  // namespace
}  // namespace encamp::test

// The calls of the C library that SQLite, the standard library and encamp use.
using namespace encamp::test;

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_at(AT_FDCWD, path, flags, mode);
}

ssize_t write(int file, const void* bytes, std::size_t size) {
  return write_at(file, bytes, size, std::nullopt);
}

ssize_t pwrite(int file, const void* bytes, std::size_t size, off_t position) {
  return write_at(file, bytes, size, position);
}

ssize_t pwrite64(int file, const void* bytes, std::size_t size, off64_t position) {
  return write_at(file, bytes, size, position);
}

int ftruncate(int file, off_t size) noexcept {
  return truncate_to(file, size);
}

int ftruncate64(int file, off64_t size) noexcept {
  return truncate_to(file, size);
}

int fsync(int file) {
  return sync(file);
}

int fdatasync(int file) {
  return sync(file);
}

int unlink(const char* path) noexcept {
  return remove_at(AT_FDCWD, path, 0);
}

int unlinkat(int directory, const char* path, int flags) noexcept {
  return remove_at(directory, path, flags);
}

int rmdir(const char* path) noexcept {
  return remove_at(AT_FDCWD, path, AT_REMOVEDIR);
}

int remove(const char* path) noexcept {
  struct stat found {};
  const bool directory = lstat(path, &found) == 0 && S_ISDIR(found.st_mode);
  return remove_at(AT_FDCWD, path, directory ? AT_REMOVEDIR : 0);
}

int mkdir(const char* path, mode_t mode) noexcept {
  return static_cast<int>(change(inside(AT_FDCWD, path), {.kind = Kind::MakeDirectory},
                                 [&] { return syscall(SYS_mkdir, path, mode); }));
}

int rename(const char* from, const char* to) noexcept {
  const std::optional<std::string> target = inside(AT_FDCWD, to);
  return static_cast<int>(change(inside(AT_FDCWD, from),
                                 {.kind = Kind::Rename, .other = target.value_or("")},
                                 [&] { return syscall(SYS_rename, from, to); }));
}

}  // extern "C"
