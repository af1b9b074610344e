#include "tests/site/census.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/site/program.h"

namespace encamp::test {
namespace {

namespace fs = std::filesystem;

std::set<std::string> lines(const std::string& text) {
  std::set<std::string> found;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line.find("encamp.images") == std::string::npos)
      found.insert(line);
  }
  return found;
}

std::set<std::string> lines_of(const std::vector<std::string>& command) {
  return lines(run(command).output);
}

void merge(std::set<std::string>& into, std::set<std::string> more) {
  into.merge(more);
}

}  // namespace

Census take_census() {
  Census census;
  for (const char* uri : {"lxc:///system", "qemu:///system"})
    merge(census["domain"], lines_of({"virsh", "-q", "-c", uri, "list", "--all", "--name"}));
  census["network"] =
      lines_of({"virsh", "-q", "-c", "lxc:///system", "net-list", "--all", "--name"});
  census["pool"] = lines_of({"virsh", "-q", "-c", "lxc:///system", "pool-list", "--all", "--name"});
  for (const std::string& loop : lines_of({"losetup", "-n", "-O", "BACK-FILE", "-a"}))
    census["loop device"].insert(loop);
  for (const auto& link : fs::directory_iterator("/sys/class/net"))
    census["link"].insert(link.path().filename());
  std::ifstream mounts("/proc/self/mounts");
  for (std::string line; std::getline(mounts, line);)
    census["mount"].insert(line);
  for (const auto& process : fs::directory_iterator("/proc")) {
    std::ifstream in(process.path() / "cmdline");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    std::ranges::replace(text, '\0', ' ');
    if (text.find("dnsmasq") != std::string::npos && text.find("encamp.") != std::string::npos)
      census["dnsmasq"].insert(text);
  }
  for (const auto& hierarchy : fs::directory_iterator("/sys/fs/cgroup")) {
    for (const char* parent : {"machine", "machine.slice"}) {
      const fs::path folder = hierarchy.path() / parent;
      if (!fs::is_directory(folder))
        continue;
      for (const auto& group : fs::directory_iterator(folder)) {
        if (group.is_directory())
          census["cgroup"].insert(group.path());
      }
    }
  }
  const fs::path storage = "/var/lib/encamp/storage";
  if (fs::is_directory(storage)) {
    for (const auto& entry : fs::recursive_directory_iterator(storage))
      merge(census["volume"], lines(entry.path().string()));
  }
  return census;
}

int memory_of_guests() {
  int sum = 0;
  for (const char* uri : {"lxc:///system", "qemu:///system"}) {
    for (const std::string& guest :
         lines_of({"virsh", "-q", "-c", uri, "list", "--all", "--name"})) {
      if (!guest.starts_with("encamp."))
        continue;
      for (const std::string& line : lines_of({"virsh", "-q", "-c", uri, "dominfo", guest})) {
        std::istringstream in(line);  // "Max memory:     262144 KiB"
        std::string max, memory;
        int kib = 0;
        if (in >> max >> memory >> kib && max == "Max" && memory == "memory:")
          sum += (kib + 1023) / 1024;
      }
    }
  }
  return sum;
}

std::string left_over(const Census& before, const Census& after) {
  std::string text;
  for (const auto& [kind, names] : after) {
    const auto then = before.find(kind);
    for (const std::string& name : names) {
      if (then == before.end() || !then->second.contains(name))
        text += kind + " " + name + "\n";
    }
  }
  return text;
}

}  // namespace encamp::test
