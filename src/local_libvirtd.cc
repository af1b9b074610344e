#include "src/local_libvirtd.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/libvirt_connection.h"
#include "src/local_process.h"

namespace encamp::local {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kStartTime{30};
constexpr std::chrono::milliseconds kPause{50};
constexpr std::chrono::seconds kBoot{8};
constexpr const char* kQemu = "/usr/bin/qemu-system-x86_64";

/// Who qemu runs as, by /etc/libvirt/qemu.conf or Debian's default.
std::string qemu_user() {
  std::ifstream conf("/etc/libvirt/qemu.conf");
  std::string line;
  while (std::getline(conf, line)) {
    const std::size_t quote = line.find('"');
    if (line.starts_with("user") && quote != std::string::npos)
      return line.substr(quote + 1, line.find('"', quote + 1) - quote - 1);
  }
  return "libvirt-qemu";
}

bool may_open(const std::string& user, const char* path) {
  struct stat info {};
  const passwd* entry = getpwnam(user.c_str());
  if (stat(path, &info) != 0 || entry == nullptr)
    return false;
  if (entry->pw_uid == 0)
    return true;
  if (info.st_uid == entry->pw_uid)
    return (info.st_mode & S_IRUSR) != 0 && (info.st_mode & S_IWUSR) != 0;
  int count = 64;
  std::vector<gid_t> groups(64);
  getgrouplist(user.c_str(), entry->pw_gid, groups.data(), &count);
  groups.resize(static_cast<std::size_t>(std::clamp(count, 0, 64)));
  if (std::ranges::find(groups, info.st_gid) != groups.end())
    return (info.st_mode & S_IRGRP) != 0 && (info.st_mode & S_IWGRP) != 0;
  return (info.st_mode & S_IROTH) != 0 && (info.st_mode & S_IWOTH) != 0;
}

/// False only when there is a kernel to try and it does not get to the end of its own boot.
bool boots_with_kvm() {
  std::string kernel;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/boot", error))
    if (entry.path().filename().native().starts_with("vmlinuz-"))
      kernel = std::max(kernel, entry.path().native());
  if (kernel.empty() || !fs::exists(kQemu, error))
    return true;
  const ToolResult result =
      run_tool({.arguments = {kQemu,      "-machine",    "q35",
                              "-accel",   "kvm",         "-cpu",
                              "host",     "-m",          "128",
                              "-display", "none",        "-monitor",
                              "none",     "-nodefaults", "-serial",
                              "stdio",    "-no-reboot",  "-kernel",
                              kernel,     "-append",     "console=ttyS0 panic=-1"},
                .timeout = kBoot});
  return result.output.find("Unable to mount root fs") != std::string::npos;
}

std::string start_by_systemd() {
  const ToolResult result = run_tool({.arguments = {"systemctl", "start", "libvirtd"}});
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, "systemctl start libvirtd failed")
        .with_detail(result.output)
        .with_hint("journalctl -u libvirtd");
  return "started libvirtd by systemd";
}

std::string start_by_keeper(const fs::path& keeper) {
  std::vector<std::string> arguments{keeper.native()};
  const bool hides_kvm = kvm_is_a_trap();
  if (hides_kvm)
    arguments.emplace_back("--hide-kvm");
  const ToolResult result = run_tool({.arguments = arguments});
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, fmt::format("{} failed", keeper.native()))
        .with_detail(result.output);
  return fmt::format("started libvirtd{}", hides_kvm ? " without /dev/kvm, which runs no kernel "
                                                       "for qemu's user here"
                                                     : "");
}

}  // namespace

bool has_systemd() {
  std::error_code error;
  return fs::exists("/run/systemd/system", error);
}

int libvirtd_pid() {
  int pid = 0;
  std::ifstream("/run/libvirtd.pid") >> pid;
  return pid > 1 && (kill(pid, 0) == 0 || errno == EPERM) ? pid : 0;
}

std::string why_unanswered(const std::string& uri) {
  try {
    ConnectionPool(uri).with([](_virConnect*) {});
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

bool kvm_is_a_trap() {
  std::error_code error;
  return fs::exists("/dev/kvm", error) && (!may_open(qemu_user(), "/dev/kvm") || !boots_with_kvm());
}

std::string start_libvirtd(const HostSettings& host, const fs::path& keeper) {
  const auto first_unanswered = [&] {
    std::string why;
    for (const std::string& uri : host.connect)
      if (why.empty())
        why = why_unanswered(uri);
    return why;
  };
  std::string why = first_unanswered();
  if (why.empty())
    return "libvirtd answers";
  if (geteuid() != 0)
    throw Error(ErrorKind::Denied, "only root can start libvirtd")
        .with_hint("sudo encamp doctor --start");
  std::error_code error;
  if (!fs::exists("/usr/sbin/libvirtd", error))
    throw Error(ErrorKind::NotFound, "libvirtd is not installed")
        .with_hint("scripts/packages --install, or what encamp doctor names");
  if (const int pid = libvirtd_pid(); pid != 0)
    throw Error(ErrorKind::Conflict, fmt::format("libvirtd runs (process {}), but: {}", pid, why))
        .with_hint(
            has_systemd()
                ? "systemctl restart libvirtd"
                : fmt::format("when nobody needs this libvirtd: kill {} && encamp doctor --start",
                              pid));
  const std::string done = has_systemd() ? start_by_systemd() : start_by_keeper(keeper);
  const auto deadline = steady_clock::now() + kStartTime;
  while (!(why = first_unanswered()).empty()) {
    if (steady_clock::now() > deadline)
      throw Error(ErrorKind::Timeout, fmt::format("{}, but: {}", done, why))
          .with_hint(has_systemd() ? "journalctl -u libvirtd"
                                   : "tail /var/log/libvirt/encamp-libvirtd.log");
    std::this_thread::sleep_for(kPause);
  }
  return done;
}

}  // namespace encamp::local
