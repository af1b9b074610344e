// encamp-libvirtd [--hide-kvm]: starts libvirtd where no systemd does, stays as its parent, and
// reaps what it leaves behind. Returns at once; the rest goes on without a terminal.
//
// Two things make libvirtd unusable on such machines, and are mended for it alone, in a mount
// namespace of its own and without touching a file of the machine (docs/hosts.md):
//
// - libvirt's containers know cgroups of version 1 or 2, and no mixture: the mount of version 2
//   beside those of version 1 is taken out.
// - A process 1 that is slow to reap makes libvirt wait for dead processes: so orphans are ours
//   (PR_SET_CHILD_SUBREAPER).
//
// --hide-kvm lays a file that cannot be written over /dev/kvm. A device that libvirt sees and that
// qemu's user may not open, or that runs nothing, makes libvirt ask qemu for its capabilities
// again at every call. A mount below /dev is more than libvirt's own mount namespaces for machines
// can move ("Unable to move ... mount to /dev/kvm"), so qemu.conf is laid over likewise by one
// that asks for none.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

constexpr const char* kLog = "/var/log/libvirt/encamp-libvirtd.log";
constexpr const char* kNoKvm = "/run/encamp-no-kvm";
constexpr const char* kConf = "/etc/libvirt/qemu.conf";
constexpr const char* kOurConf = "/run/encamp-qemu.conf";
constexpr const char* kUnified = "/sys/fs/cgroup/unified";

pid_t libvirtd = 0;

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  _exit(1);
}

void detach_stdio() {
  const int null = open("/dev/null", O_RDONLY);
  mkdir("/var/log/libvirt", 0755);
  int log = open(kLog, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (log < 0)
    log = open("/dev/null", O_WRONLY);
  dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  for (int fd = 3; fd < 1024; ++fd)
    close(fd);
}

bool answers(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

/// libvirt's log daemon, which keeps the consoles of machines.
void start_log_daemon() {
  if (answers("/run/libvirt/virtlogd-sock"))
    return;
  const pid_t child = fork();
  if (child == 0) {
    execlp("virtlogd", "virtlogd", "-d", nullptr);
    fail("virtlogd");
  }
  waitpid(child, nullptr, 0);
}

bool is_file_system(const char* path, long magic) {
  struct statfs info {};
  return statfs(path, &info) == 0 && static_cast<long>(info.f_type) == magic;
}

void lay_over(const char* ours, const char* path) {
  // Read-only, because root may write whatever the mode says.
  if (mount(ours, path, nullptr, MS_BIND, nullptr) != 0 ||
      mount(nullptr, path, nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) != 0)
    fail(path);
}

void hide_kvm() {
  if (access("/dev/kvm", F_OK) != 0)
    return;
  const int file = open(kNoKvm, O_WRONLY | O_CREAT | O_CLOEXEC, 0000);
  if (file < 0)
    fail(kNoKvm);
  close(file);
  lay_over(kNoKvm, "/dev/kvm");

  std::ofstream ours(kOurConf, std::ios::trunc);
  std::ifstream theirs(kConf);
  for (std::string line; std::getline(theirs, line);)
    if (!line.starts_with("namespaces"))
      ours << line << '\n';
  ours << "namespaces = []\n";
  ours.close();
  if (!ours || access(kConf, F_OK) != 0)
    fail(kOurConf);
  lay_over(kOurConf, kConf);
}

[[noreturn]] void become_libvirtd(bool hides_kvm) {
  if (unshare(CLONE_NEWNS) != 0 || mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0)
    fail("mount namespace");
  const bool is_hybrid = is_file_system("/sys/fs/cgroup", TMPFS_MAGIC) &&
                         is_file_system(kUnified, CGROUP2_SUPER_MAGIC);
  if (is_hybrid && umount2(kUnified, MNT_DETACH) != 0)
    fail(kUnified);
  if (hides_kvm)
    hide_kvm();
  execlp("libvirtd", "libvirtd", nullptr);
  fail("libvirtd");
}

void pass_on(int signal) {
  if (libvirtd > 0)
    kill(libvirtd, signal);
}

/// Until nobody is left: dnsmasq and machines outlive libvirtd, and the next one adopts them.
void reap() {
  while (true) {
    const pid_t ended = waitpid(-1, nullptr, 0);
    if (ended == libvirtd)
      libvirtd = 0;
    if (ended < 0 && errno != EINTR)
      return;
  }
}

}  // namespace

int main(int count, char** arguments) {
  const bool hides_kvm = count == 2 && std::string_view(arguments[1]) == "--hide-kvm";
  if (count > 2 || (count == 2 && !hides_kvm)) {
    std::fprintf(stderr, "usage: encamp-libvirtd [--hide-kvm]\n");
    return 2;
  }
  int left[2];  // Closed by the child when it has left the caller's session.
  if (pipe2(left, O_CLOEXEC) != 0)
    fail("pipe");
  const pid_t child = fork();
  if (child < 0)
    fail("fork");
  if (child > 0) {
    close(left[1]);
    char byte = 0;
    return read(left[0], &byte, 1) == 0 ? 0 : 1;
  }
  setsid();
  if (chdir("/") != 0)
    fail("/");
  umask(022);
  detach_stdio();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  start_log_daemon();
  libvirtd = fork();
  if (libvirtd == 0)
    become_libvirtd(hides_kvm);
  for (const int number : {SIGTERM, SIGINT})
    signal(number, pass_on);
  signal(SIGHUP, SIG_IGN);
  reap();
  return 0;
}
