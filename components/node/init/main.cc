// The first process of every node (docs/nodes.md): makes the root of the node's own disk laid over
// the shared image, gives it its identity and address, and becomes /sbin/init.
//
//     container   /mnt/init, started by libvirt: the image is at /, read-only, the disk at /mnt
//     machine     /init of the initrd: the image is the first virtio disk, the disk the second
//     sweep       /init of a container whose disk is its root: empties the shares and ends
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "components/node/init/cgroup.h"
#include "components/node/init/fail.h"
#include "components/node/init/network.h"
#include "components/node/init/root.h"
#include "components/node/init/shares.h"

namespace encamp::init {
namespace {

// What need not be done before the node starts: a child that outlives us as one of the next init.
void finish_aside(const Cards& cards, const char* own) {
  const int directory = open(own, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fork() != 0) {
    close(directory);
    return;
  }
  speak_first(cards);
  finish_identity(directory);
  std::_Exit(0);
}

[[noreturn]] void become_init(const char* argument) {
  execl("/sbin/init", "/sbin/init", argument, nullptr);
  fail("run", "/sbin/init");
}

void start_container() {
  must(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make the mounts private");
  grow_own("/mnt");
  lay_root("/", "/mnt", "/mnt/root");
  copy_identity("/mnt", "/mnt/root");
  mount_shares("/mnt", "/mnt/root", MountsAre::Mounted);
  mount_disks("/mnt", "/mnt/root", MountsAre::Mounted);
  drop_sys_resource();
  const Cards cards = read_cards("/mnt/net");
  set_up(cards);
  finish_aside(cards, "/mnt");
  enter_own_cgroup("/sys/fs/cgroup");
  for (const char* name : {"dev", "proc", "sys"}) {
    std::array<char, 32> from{};
    std::array<char, 32> to{};
    std::snprintf(from.data(), from.size(), "/%s", name);
    std::snprintf(to.data(), to.size(), "/mnt/root/%s", name);
    must(mount(from.data(), to.data(), nullptr, MS_MOVE, nullptr) == 0, "move", from.data());
  }
  // The old root comes to lie on the new one and is taken off: pivot_root(2), NOTES.
  must(chdir("/mnt/root") == 0, "enter", "/mnt/root");
  must(syscall(SYS_pivot_root, ".", ".") == 0, "change the root to", "/mnt/root");
  must(umount2(".", MNT_DETACH) == 0, "leave the image");
  must(chdir("/") == 0, "enter", "/");
  become_init("systemd.unified_cgroup_hierarchy=1");
}

// Loads /modules/*.ko in the order of their names. Those of devices that this machine lacks fail,
// which is no error: what is missing shows when a disk does not appear.
void load_modules() {
  dirent** names = nullptr;
  const int count = scandir("/modules", &names, nullptr, alphasort);
  must(count >= 0, "list", "/modules");
  for (int i = 0; i < count; ++i) {
    std::array<char, 512> path{};
    std::snprintf(path.data(), path.size(), "/modules/%s", names[i]->d_name);
    if (names[i]->d_type != DT_REG)
      continue;
    const int file = open(path.data(), O_RDONLY | O_CLOEXEC);
    if (file < 0 || (syscall(SYS_finit_module, file, "", 0) != 0 && errno != EEXIST))
      std::fprintf(stderr, "encamp-init: cannot load %s: %s\n", path.data(), std::strerror(errno));
    close(file);
  }
}

// What the initrd holds is memory; nothing of it is used any more.
void empty_initrd() {
  dirent** names = nullptr;
  const int count = scandir("/modules", &names, nullptr, nullptr);
  for (int i = 0; i < count; ++i) {
    std::array<char, 512> path{};
    std::snprintf(path.data(), path.size(), "/modules/%s", names[i]->d_name);
    unlink(path.data());
  }
}

void start_machine() {
  mkdir("/dev", 0755);
  mkdir("/proc", 0755);
  mkdir("/sys", 0755);
  mount("devtmpfs", "/dev", "devtmpfs", 0, "mode=0755");  // Mounted already on some kernels.
  must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "mount",
       "/proc");
  must(mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "mount",
       "/sys");
  load_modules();
  mount_disk("/dev/vda", "/image", MS_RDONLY);
  mount_disk("/dev/vdb", "/own", 0);
  grow_own("/own");
  lay_root("/image", "/own", "/root");
  copy_identity("/own", "/root");
  mount_shares("/own", "/root", MountsAre::Devices);
  mount_disks("/own", "/root", MountsAre::Devices);
  const Cards cards = read_cards("/own/net");
  set_up(cards);
  finish_aside(cards, "/own");
  for (const char* name : {"dev", "proc", "sys"}) {
    std::array<char, 32> from{};
    std::array<char, 32> to{};
    std::snprintf(from.data(), from.size(), "/%s", name);
    std::snprintf(to.data(), to.size(), "/root/%s", name);
    must(mount(from.data(), to.data(), nullptr, MS_MOVE, nullptr) == 0, "move", from.data());
  }
  empty_initrd();
  must(chdir("/root") == 0 && mount(".", "/", nullptr, MS_MOVE, nullptr) == 0 && chroot(".") == 0 &&
           chdir("/") == 0,
       "change the root to", "/root");
  become_init(nullptr);
}

}  // namespace
}  // namespace encamp::init

int main(int count, char** arguments) {
  umask(0);
  if (count > 1 && std::strcmp(arguments[1], "sweep") == 0) {
    encamp::init::empty_shares("/shares.d");
    return 0;
  }
  if (access("/modules", F_OK) == 0)
    encamp::init::start_machine();
  encamp::init::start_container();
}
