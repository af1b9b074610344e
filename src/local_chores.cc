#include "src/local_chores.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace encamp::local {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Whether `directory` is the cgroup of `guest`; the name may have been cut off, so that another
/// guest's looks the same: then only that of a process that is gone counts.
bool is_cgroup_of(const std::string& directory, const std::string& guest) {
  constexpr std::string_view kPrefix = "lxc-";
  constexpr std::string_view kSuffix = ".libvirt-lxc";
  if (!directory.starts_with(kPrefix) || !directory.ends_with(kSuffix))
    return false;
  const std::string name = directory.substr(0, directory.size() - kSuffix.size());
  const std::string pid =
      name.substr(kPrefix.size(), name.find('-', kPrefix.size()) - kPrefix.size());
  if (!is_digits(pid) || name != cgroup_name(pid, guest))
    return false;
  const bool cut_off = name.size() < kPrefix.size() + pid.size() + 1 + guest.size();
  return !cut_off || (kill(std::stoi(pid), 0) != 0 && errno == ESRCH);
}

/// Removes a tree of cgroups, deepest first; false when something in it is in use.
bool remove_tree(const fs::path& top) {
  std::vector<fs::path> directories{top};
  std::error_code error;
  for (auto entry = fs::recursive_directory_iterator(top, error);
       !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
    if (entry->is_directory(error))
      directories.push_back(entry->path());
  std::ranges::sort(directories, std::greater<>(),
                    [](const fs::path& p) { return p.native().size(); });
  return std::ranges::all_of(directories, [](const fs::path& directory) {
    return rmdir(directory.c_str()) == 0 || errno == ENOENT;
  });
}

/// The processes whose command line has exactly this argument.
std::vector<pid_t> processes_with_argument(const std::string& program,
                                           const std::string& argument) {
  std::vector<pid_t> found;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename();
    if (!is_digits(pid))
      continue;
    std::ifstream file(entry.path() / "cmdline");
    std::string first;
    std::string next;
    std::getline(file, first, '\0');
    if (fs::path(first).filename() != program)
      continue;
    while (std::getline(file, next, '\0'))
      if (next == argument) {
        found.push_back(std::stoi(pid));
        break;
      }
  }
  return found;
}

class Socket {
 public:
  Socket(int family, int type) : fd_(socket(family, type | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0)
      close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::string cgroup_name(const std::string& pid, const std::string& guest) {
  // As virDomainGenerateMachineName() of libvirt.
  constexpr std::size_t kLimit = 64;
  std::string name = "lxc-" + pid + "-";
  bool after_separator = true;
  for (const char c : guest) {
    if (name.size() >= kLimit)
      break;
    if (c == '.' || c == '-') {
      if (!after_separator)
        name += c;
      after_separator = true;
    } else if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      name += c;
      after_separator = false;
    }
  }
  return name;
}

void remove_cgroups(const std::string& guest) {
  std::vector<fs::path> machines{"/sys/fs/cgroup/machine"};
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator("/sys/fs/cgroup", error))
    machines.push_back(entry.path() / "machine");
  std::vector<fs::path> ours;
  for (const fs::path& machine : machines)
    for (const fs::directory_entry& entry : fs::directory_iterator(machine, error))
      if (is_cgroup_of(entry.path().filename(), guest))
        ours.push_back(entry.path());
  // A process that has just been killed keeps its cgroup until it is reaped.
  const auto deadline = steady_clock::now() + milliseconds(500);
  while (true) {
    std::erase_if(ours, remove_tree);
    if (ours.empty() || steady_clock::now() > deadline)
      return;
    std::this_thread::sleep_for(milliseconds(2));
  }
}

void remove_forgotten_bridge(const std::string& bridge, const std::string& network) {
  const bool ours = bridge.size() == 14 && bridge.starts_with("camp") &&
                    bridge.find_first_not_of("0123456789abcdef", 4) == std::string::npos;
  std::error_code error;
  if (!ours || !fs::exists("/sys/class/net/" + bridge + "/bridge", error))
    return;
  const std::string conf = "--conf-file=/var/lib/libvirt/dnsmasq/" + network + ".conf";
  for (const pid_t pid : processes_with_argument("dnsmasq", conf))
    kill(pid, SIGTERM);
  const Socket control(AF_INET, SOCK_DGRAM);
  ifreq request{};
  bridge.copy(request.ifr_name, IFNAMSIZ - 1);
  if (ioctl(control.fd(), SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
    ioctl(control.fd(), SIOCSIFFLAGS, &request);
  }
  ioctl(control.fd(), SIOCBRDELBR, request.ifr_name);  // Its failure shows when it is made again.
}

bool answers_dns(const std::string& address) {
  // A query for the name server of the root; any answer will do, `refused` included.
  constexpr unsigned char kQuery[] = {
      0x5e, 0x0c, 0x01, 0x00, 0, 1,   0,   0,   0,   0, 0, 0,  7, 'v', 'e', 'r',
      's',  'i',  'o',  'n',  4, 'b', 'i', 'n', 'd', 0, 0, 16, 0, 3};  // TXT CH version.bind,
                                                                       // answered without upstream
  const Socket socket(AF_INET, SOCK_DGRAM);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(53);
  if (inet_pton(AF_INET, address.c_str(), &server.sin_addr) != 1 ||
      connect(socket.fd(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0)
    return false;
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (::send(socket.fd(), kQuery, sizeof kQuery, 0) < 0)
      return false;
    pollfd ready{.fd = socket.fd(), .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 500) <= 0)
      continue;
    char answer[512];
    // Nobody at the port: the kernel says so at once.
    return recv(socket.fd(), answer, sizeof answer, 0) > 0;
  }
  return false;
}

std::vector<std::string> parse_routes(const std::string& table) {
  std::vector<std::string> subnets;
  std::istringstream lines(table);
  std::string line;
  std::getline(lines, line);  // Headings.
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string device, flags, references, uses, metric;
    std::uint32_t destination = 0, gateway = 0, mask = 0;  // As in memory, network order.
    fields >> device >> std::hex >> destination >> gateway >> flags >> references >> uses >>
        metric >> mask;
    if (!fields || mask == 0)
      continue;
    const in_addr address{destination};
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &address, text, sizeof text);
    subnets.push_back(fmt::format("{}/{}", text, std::popcount(mask)));
  }
  return subnets;
}

std::vector<std::string> routed_subnets() {
  std::ostringstream table;
  table << std::ifstream("/proc/net/route").rdbuf();
  return parse_routes(table.str());
}

bool has_virtiofsd() {
  std::error_code error;
  return fs::exists("/usr/libexec/virtiofsd", error) ||
         fs::exists("/usr/lib/qemu/virtiofsd", error);
}

Bytes free_space(const std::string& path) {
  std::error_code error;
  fs::path existing = path;
  while (!fs::exists(existing, error) && existing.has_relative_path())
    existing = existing.parent_path();
  const fs::space_info space = fs::space(existing, error);
  return {error ? 0 : static_cast<std::int64_t>(space.available)};
}

}  // namespace encamp::local
