#include "components/node/init/cgroup.h"

#include <array>
#include <cstdio>
#include <cstring>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "components/node/init/fail.h"

namespace encamp::init {
namespace {

using Path = std::array<char, 1024>;

// Our group in v1's memory hierarchy, `/machine/lxc-1-x.libvirt-lxc`; empty without one.
Path memory_group() {
  Path group{};
  std::FILE* file = std::fopen("/proc/self/cgroup", "r");
  must(file != nullptr, "read", "/proc/self/cgroup");
  Path line{};
  while (std::fgets(line.data(), line.size(), file) != nullptr) {
    const char* controllers = std::strchr(line.data(), ':');
    if (controllers == nullptr || std::strncmp(controllers, ":memory:", 8) != 0)
      continue;
    line[std::strcspn(line.data(), "\n")] = '\0';
    std::snprintf(group.data(), group.size(), "%.1000s", controllers + 8);
  }
  std::fclose(file);
  return group;
}

void make_directories(char* path, std::size_t from) {
  for (char* p = path + from + 1; *p != '\0'; ++p) {
    if (*p != '/')
      continue;
    *p = '\0';
    mkdir(path, 0755);
    *p = '/';
  }
  mkdir(path, 0755);
}

void join(const char* mount_point, const Path& group) {
  must(mount("none", mount_point, "cgroup2", 0, nullptr) == 0, "mount cgroup2 at", mount_point);
  std::array<char, 2048> path{};
  std::snprintf(path.data(), path.size(), "%s%s", mount_point, group.data());
  make_directories(path.data(), std::strlen(mount_point));
  std::strncat(path.data(), "/cgroup.procs", path.size() - std::strlen(path.data()) - 1);
  std::FILE* file = std::fopen(path.data(), "w");
  const bool joined = file != nullptr && std::fputs("0", file) >= 0 && std::fclose(file) == 0;
  must(joined, "join the control group", group.data());
  must(umount2(mount_point, MNT_DETACH) == 0, "unmount", mount_point);
}

}  // namespace

void enter_own_cgroup(const char* mount_point) {
  const Path group = memory_group();
  // What libvirt mounted there are the host's hierarchies; systemd mounts its own.
  while (umount2(mount_point, MNT_DETACH) == 0) {
  }
  if (group[0] != '\0' && std::strcmp(group.data(), "/") != 0)
    join(mount_point, group);
  must(unshare(CLONE_NEWCGROUP) == 0, "make a cgroup namespace");
}

}  // namespace encamp::init
