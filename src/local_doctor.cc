#include "src/local_doctor.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <glob.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/libvirt_connection.h"
#include "src/libvirt_handle.h"
#include "src/local_chores.h"
#include "src/local_libvirtd.h"
#include "src/local_process.h"

namespace encamp::local {
namespace {

namespace fs = std::filesystem;
using State = Finding::State;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kStart = "encamp doctor --start";

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

Finding ok(std::string what, std::string found) {
  return {.state = State::Ok, .what = std::move(what), .found = std::move(found)};
}

Finding missing(std::string what, std::string found, std::string remedy) {
  return {State::Missing, std::move(what), std::move(found), std::move(remedy)};
}

Finding note(std::string what, std::string found, std::string remedy = {}) {
  return {State::Note, std::move(what), std::move(found), std::move(remedy)};
}

Finding user() {
  if (geteuid() == 0)
    return ok("user", "root");
  return missing("user", "not root: images cannot be built here", "sudo encamp doctor");
}

// One file of each package that hosting takes; scripts/packages lists the same.
Finding packages() {
  struct Part {
    const char* file;
    const char* package;
  };
  constexpr Part kParts[] = {
      {"/usr/sbin/libvirtd", "libvirt-daemon-system"},
      {"/usr/lib/libvirt/libvirt_lxc", "libvirt-daemon-driver-lxc"},
      {"/usr/lib/*/libvirt/connection-driver/libvirt_driver_qemu.so", "libvirt-daemon-driver-qemu"},
      {"/usr/bin/qemu-system-x86_64", "qemu-system-x86"},
      {"/usr/sbin/dnsmasq", "dnsmasq-base"},
      {"/usr/sbin/iptables", "iptables"},
      {"/sbin/ip", "iproute2"},
      {"/usr/bin/mmdebstrap", "mmdebstrap"},
      {"/sbin/mke2fs", "e2fsprogs"},
  };
  std::vector<std::string> wanted;
  for (const Part& part : kParts) {
    glob_t files{};
    if (glob(part.file, 0, nullptr, &files) != 0)
      wanted.emplace_back(part.package);
    globfree(&files);
  }
  if (wanted.empty())
    return ok("packages", "all there");
  return missing(
      "packages", fmt::format("not installed: {}", fmt::join(wanted, ", ")),
      fmt::format("apt-get install -y --no-install-recommends {}", fmt::join(wanted, " ")));
}

Finding libvirtd(const std::string& uri) {
  const std::string what = fmt::format("libvirtd, {}", uri);
  const std::string why = why_unanswered(uri);
  return why.empty() ? ok(what, "answers") : missing(what, why, kStart);
}

bool is_file_system(const char* path, long magic) {
  struct statfs info {};
  return statfs(path, &info) == 0 && static_cast<long>(info.f_type) == magic;
}

Finding cgroups(bool containers_answer) {
  if (is_file_system("/sys/fs/cgroup", CGROUP2_SUPER_MAGIC))
    return ok("cgroups", "version 2");
  if (!is_file_system("/sys/fs/cgroup/unified", CGROUP2_SUPER_MAGIC))
    return exists("/sys/fs/cgroup/memory")
               ? ok("cgroups", "version 1")
               : missing("cgroups", "none are mounted: containers cannot be limited",
                         "mount -t cgroup2 none /sys/fs/cgroup");
  if (containers_answer)
    return ok("cgroups", "version 1 with 2 beside it; libvirtd does not see the latter");
  return missing("cgroups",
                 "version 2 is mounted beside version 1: libvirt's containers know one or the "
                 "other, and no mixture",
                 kStart);
}

/// Whether a process whose parent has died disappears soon after its own end.
bool orphans_are_reaped() {
  const ToolResult result =
      run_tool({.arguments = {"sh", "-c", "sleep 0.05 >/dev/null 2>&1 & echo $!"}});
  const std::string directory = "/proc/" + result.output.substr(0, result.output.find('\n'));
  const auto deadline = steady_clock::now() + milliseconds(500);
  while (exists(directory)) {
    if (steady_clock::now() > deadline)
      return false;
    std::this_thread::sleep_for(milliseconds(20));
  }
  return true;
}

int parent_of(int pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string ignored;
  int parent = 0;
  stat >> ignored >> ignored >> ignored >> parent;  // pid (comm) state ppid
  return parent;
}

Finding reaping() {
  if (orphans_are_reaped())
    return ok("process 1", "reaps orphans");
  const int pid = libvirtd_pid();
  if (pid != 0 && parent_of(pid) != 1)
    return ok("process 1", "is slow to reap orphans; libvirtd has a parent that does");
  return missing("process 1", "is slow to reap orphans, and libvirtd waits for each",
                 pid == 0 ? std::string(kStart)
                          : fmt::format("when nobody needs it: kill {} && {}", pid, kStart));
}

/// How long libvirt takes to say what qemu can do, once it should know.
milliseconds capability_time(const std::string& uri) {
  ConnectionPool pool(uri);
  milliseconds took{0};
  for (int i = 0; i < 2; ++i) {
    const auto begin = steady_clock::now();
    pool.with([](virConnectPtr connection) {
      take_text(virConnectGetDomainCapabilities(connection, nullptr, nullptr, "q35", nullptr, 0));
    });
    took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
  }
  return took;
}

Finding kvm(const HostSettings& host, const std::string& uri) {
  if (!exists("/dev/kvm"))
    return note("/dev/kvm", "not there: machines are emulated, about ten times slower");
  constexpr milliseconds kProbing{400};  // Asking qemu takes 0.7 s, remembering 0.02 s.
  if (capability_time(uri) > kProbing) {
    const int pid = libvirtd_pid();
    return missing("/dev/kvm", "libvirt sees it and cannot use it, and asks qemu anew at each call",
                   fmt::format("when nobody needs it: kill {} && {}", pid, kStart));
  }
  if (LibvirtHost(host).inventory().kvm)
    return ok("/dev/kvm", "runs a kernel");
  return note("/dev/kvm", "no kernel is known to run with it: machines are emulated");
}

Finding devices() {
  if (!exists("/dev/loop-control"))
    return missing("loop devices", "there is no /dev/loop-control", "modprobe loop");
  if (!exists("/dev/net/tun"))
    return missing("network devices", "there is no /dev/net/tun: machines have no network",
                   "modprobe tun");
  return ok("devices", "loop and tun are there");
}

Finding inotify() {
  constexpr int kEnough = 1024;
  int instances = 0;
  std::ifstream("/proc/sys/fs/inotify/max_user_instances") >> instances;
  const std::string found = fmt::format("fs.inotify.max_user_instances is {}", instances);
  if (instances >= kEnough)
    return ok("inotify", found);
  return note("inotify", found + ": more than about 20 containers will not start",
              "sysctl -w fs.inotify.max_user_instances=4096");
}

Finding nat() {
  const ToolResult result = run_tool({.arguments = {"iptables", "-t", "nat", "-S"}});
  if (result.exit != 0)
    return missing("iptables", "has no table 'nat': networks cannot reach outside",
                   "modprobe iptable_nat nf_nat");
  return ok("iptables", "translates addresses");
}

Finding room(const HostSettings& host) {
  const Bytes free = free_space(host.storage);
  const std::string found = fmt::format("{} MiB free for {}", free.count >> 20, host.storage);
  if (free < Bytes::gibi(2))
    return missing("storage", found + ": an image takes 1 GiB", "encamp image prune");
  return ok("storage", found);
}

/// qemu's user must get through every directory above a volume.
Finding permissions(const HostSettings& host) {
  for (fs::path path = host.storage; path.has_relative_path(); path = path.parent_path()) {
    struct stat info {};
    if (stat(path.c_str(), &info) == 0 && (info.st_mode & S_IXOTH) == 0)
      return missing("storage", fmt::format("{} is closed to qemu's user", path.native()),
                     fmt::format("chmod o+x {}", path.native()));
  }
  return ok("storage", "qemu's user gets through to it");
}

}  // namespace

std::vector<Finding> examine(const HostSettings& host) {
  std::vector<Finding> findings{user(), packages()};
  bool containers_answer = false;
  std::string machines;
  for (const std::string& uri : host.connect) {
    const Finding finding = libvirtd(uri);
    if (finding.state == State::Ok) {
      containers_answer = containers_answer || uri.starts_with("lxc");
      machines = uri.starts_with("qemu") ? uri : machines;
    }
    findings.push_back(finding);
  }
  findings.push_back(cgroups(containers_answer));
  findings.push_back(reaping());
  if (!machines.empty())
    findings.push_back(kvm(host, machines));
  findings.push_back(devices());
  findings.push_back(inotify());
  findings.push_back(nat());
  findings.push_back(room(host));
  findings.push_back(permissions(host));
  return findings;
}

}  // namespace encamp::local
