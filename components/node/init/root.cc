#include "components/node/init/root.h"

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "components/node/init/fail.h"

namespace encamp::init {
namespace {

using ShortPath = std::array<char, 256>;

ShortPath join(const char* directory, const char* name) {
  ShortPath path{};
  std::snprintf(path.data(), path.size(), "%s/%s", directory, name);
  return path;
}

void copy_file(int from, int to, const char* name, const struct stat& state) {
  const int in = openat(from, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  must(in >= 0, "read", name);
  // Made anew: to write into one of the image would copy it up first, or follow a link.
  const int out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  must(out >= 0, "create", name);
  for (off_t left = state.st_size; left > 0;) {
    const ssize_t sent = sendfile(out, in, nullptr, static_cast<std::size_t>(left));
    must(sent > 0, "write", name);
    left -= sent;
  }
  must(fchown(out, 0, 0) == 0 && fchmod(out, state.st_mode & 07777) == 0, "own", name);
  close(in);
  close(out);
}

void copy_link(int from, int to, const char* name) {
  std::array<char, 4096> target{};
  must(readlinkat(from, name, target.data(), target.size() - 1) > 0, "read link", name);
  must(symlinkat(target.data(), to, name) == 0, "make link", name);
}

// Takes both descriptors.
void copy_directory(int from, int to) {
  DIR* directory = fdopendir(from);
  must(directory != nullptr && to >= 0, "open the identity");
  while (const dirent* entry = readdir(directory)) {
    const char* name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0)
      continue;
    struct stat state {};
    must(fstatat(from, name, &state, AT_SYMLINK_NOFOLLOW) == 0, "look at", name);
    if (S_ISDIR(state.st_mode)) {
      if (mkdirat(to, name, state.st_mode & 07777) == 0)
        must(fchownat(to, name, 0, 0, 0) == 0, "own", name);
      else
        must(errno == EEXIST, "create", name);
      copy_directory(openat(from, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                     openat(to, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
      continue;
    }
    must(unlinkat(to, name, 0) == 0 || errno == ENOENT, "replace", name);
    if (S_ISLNK(state.st_mode))
      copy_link(from, to, name);
    else
      copy_file(from, to, name, state);
  }
  closedir(directory);
  close(to);
}

}  // namespace

void mount_disk(const char* device, const char* at, unsigned long flags) {
  mkdir(at, 0755);
  const timespec pause{0, 5000000};
  for (int tries = 0; mount(device, at, "ext4", flags, nullptr) != 0; ++tries) {
    must(tries < 2000 && (errno == ENOENT || errno == ENXIO), "mount", device);
    nanosleep(&pause, nullptr);
  }
}

void grow_own(const char* own) {
  struct stat state {};
  struct statfs system {};
  const int directory = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0 || fstat(directory, &state) != 0 || fstatfs(directory, &system) != 0)
    return;
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/sys/dev/block/%u:%u/size", major(state.st_dev),
                minor(state.st_dev));
  unsigned long long sectors = 0;
  FILE* file = std::fopen(path.data(), "re");
  if (file != nullptr && std::fscanf(file, "%llu", &sectors) == 1) {
    constexpr unsigned long kResize = _IOW('f', 16, std::uint64_t);  // EXT4_IOC_RESIZE_FS
    std::uint64_t blocks = sectors * 512 / static_cast<std::uint64_t>(system.f_bsize);
    if (ioctl(directory, kResize, &blocks) != 0)
      std::fprintf(stderr, "encamp-init: cannot grow the disk: %s\n", std::strerror(errno));
  }
  if (file != nullptr)
    std::fclose(file);
  close(directory);
}

void drop_sys_resource() {
  constexpr unsigned kBit = 1U << (CAP_SYS_RESOURCE % 32);  // In the first of the two words.
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  must(prctl(PR_CAPBSET_DROP, CAP_SYS_RESOURCE, 0, 0, 0) == 0 || errno == EINVAL,
       "drop a capability");
  must(syscall(SYS_capget, &header, sets.data()) == 0, "read the capabilities");
  sets[0].effective &= ~kBit;
  sets[0].permitted &= ~kBit;
  sets[0].inheritable &= ~kBit;
  must(syscall(SYS_capset, &header, sets.data()) == 0, "drop a capability");
}

void lay_root(const char* image, const char* own, const char* root) {
  const ShortPath up = join(own, "up");
  const ShortPath work = join(own, "work");
  mkdir(up.data(), 0755);
  mkdir(work.data(), 0700);
  mkdir(root, 0755);
  std::array<char, 1024> options{};
  std::snprintf(options.data(), options.size(), "lowerdir=%s,upperdir=%s,workdir=%s", image,
                up.data(), work.data());
  must(mount("root", root, "overlay", 0, options.data()) == 0, "mount the overlay at", root);
}

void copy_identity(const char* own, const char* root) {
  const ShortPath identity = join(own, "identity");
  const int from = open(identity.data(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (from < 0 && errno == ENOENT)
    return;  // Copied at an earlier start.
  must(from >= 0, "open", identity.data());
  copy_directory(from, open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

void finish_identity(int own) {
  if (syncfs(own) == 0)
    renameat(own, "identity", own, "identity.copied");
}

}  // namespace encamp::init
