#include "components/node/init/shares.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "components/node/init/fail.h"

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

void mount_share(const char* own, const char* root, const char* tag, const char* path,
                 SharesAre shares) {
  Path from{};
  Path to{};
  std::snprintf(from.data(), from.size(), "%s/shares.d/%s", own, tag);
  std::snprintf(to.data(), to.size(), "%s%s", root, path);
  make_directories(to.data());
  const bool done = shares == SharesAre::Mounted
                        ? mount(from.data(), to.data(), nullptr, MS_MOVE, nullptr) == 0
                        : mount(tag, to.data(), "virtiofs", 0, nullptr) == 0;
  must(done, "mount a volume at", path);
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

void mount_shares(const char* own, const char* root, SharesAre shares) {
  Path list{};
  std::snprintf(list.data(), list.size(), "%s/shares", own);
  std::FILE* file = std::fopen(list.data(), "re");
  if (file == nullptr)
    return;  // A disk of an encamp that knew no shares.
  Line line{};
  while (std::fgets(line.data(), static_cast<int>(line.size()), file) != nullptr) {
    line[std::strcspn(line.data(), "\n")] = '\0';
    char* space = std::strchr(line.data(), ' ');
    if (space == nullptr)
      continue;
    *space = '\0';
    mount_share(own, root, line.data(), space + 1, shares);
  }
  std::fclose(file);
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
