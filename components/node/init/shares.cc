#include "components/node/init/shares.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "components/node/init/fail.h"
#include "components/node/init/root.h"

namespace encamp::init {
namespace {

using Line = std::array<char, 512>;
using Path = std::array<char, 1024>;

void make_directories(char* path) {
  for (char* slash = std::strchr(path + 1, '/'); slash != nullptr;
       slash = std::strchr(slash + 1, '/')) {
    *slash = '\0';
    must(mkdir(path, 0755) == 0 || errno == EEXIST, "create", path);
    *slash = '/';
  }
  must(mkdir(path, 0755) == 0 || errno == EEXIST, "create", path);
}

// Calls `mount_one(tag, path)` for each line of the list.
template <typename Mount>
void for_each_line(const char* own, const char* name, Mount mount_one) {
  Path list{};
  std::snprintf(list.data(), list.size(), "%s/%s", own, name);
  std::FILE* file = std::fopen(list.data(), "re");
  if (file == nullptr)
    return;  // A disk of an encamp that knew no such list.
  Line line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), file) != nullptr) {
    line[std::strcspn(line.data(), "\n")] = '\0';
    char* space = std::strchr(line.data(), ' ');
    if (space == nullptr)
      continue;
    *space = '\0';
    mount_one(line.data(), space + 1);
  }
  std::fclose(file);
}

void mount_share(const char* own, const char* root, const char* tag, const char* path,
                 MountsAre shares) {
  Path from{};
  Path to{};
  std::snprintf(from.data(), from.size(), "%s/shares.d/%s", own, tag);
  std::snprintf(to.data(), to.size(), "%s%s", root, path);
  make_directories(to.data());
  const bool done = shares == MountsAre::Mounted
                        ? mount(from.data(), to.data(), nullptr, MS_MOVE, nullptr) == 0
                        : mount(tag, to.data(), "virtiofs", 0, nullptr) == 0;
  must(done, "mount a volume at", path);
}

void mount_data_disk(const char* own, const char* root, const char* tag, const char* path,
                     MountsAre disks) {
  Path to{};
  std::snprintf(to.data(), to.size(), "%s%s", root, path);
  make_directories(to.data());
  if (disks == MountsAre::Mounted) {
    Path from{};
    std::snprintf(from.data(), from.size(), "%s/disks.d/%s", own, tag);
    grow_own(from.data());
    must(mount(from.data(), to.data(), nullptr, MS_MOVE, nullptr) == 0, "mount a disk at", path);
    return;
  }
  // `disk1` is the third one.
  Path device{};
  std::snprintf(device.data(), device.size(), "/dev/vd%c",
                static_cast<char>('b' + std::atoi(tag + std::strlen("disk"))));
  mount_disk(device.data(), to.data(), 0);
  grow_own(to.data());
}

// Takes the descriptor. What vanishes meanwhile is no matter; what stays shows when libvirt
// cannot remove the directory.
void empty_directory(int fd) {
  DIR* directory = fd < 0 ? nullptr : fdopendir(fd);
  must(directory != nullptr, "open a directory of the volume");
  while (const dirent* entry = readdir(directory)) {
    const char* name = entry->d_name;
    if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0)
      continue;
    if (unlinkat(fd, name, 0) == 0 || errno == ENOENT)
      continue;
    const int below = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (below >= 0)
      empty_directory(below);
    if (unlinkat(fd, name, AT_REMOVEDIR) != 0)
      std::fprintf(stderr, "encamp-init: cannot remove %s: %s\n", name, std::strerror(errno));
  }
  closedir(directory);
}

}  // namespace

void mount_shares(const char* own, const char* root, MountsAre shares) {
  for_each_line(own, "shares", [&](const char* tag, const char* path) {
    mount_share(own, root, tag, path, shares);
  });
}

void mount_disks(const char* own, const char* root, MountsAre disks) {
  for_each_line(own, "disks", [&](const char* tag, const char* path) {
    mount_data_disk(own, root, tag, path, disks);
  });
}

void empty_shares(const char* shares) {
  // One descriptor for each level; whoever wrote there may have gone deep.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }
  DIR* directory = opendir(shares);
  must(directory != nullptr, "open", shares);
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.')
      empty_directory(
          openat(dirfd(directory), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  }
  closedir(directory);
}

}  // namespace encamp::init
