#include "src/libvirt_kvm.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "src/libvirt_console.h"
#include "src/libvirt_error.h"
#include "src/libvirt_handle.h"
#include "src/libvirt_xml.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLimit{8};
constexpr const char* kName = "encamp.kvm-test";

std::string boot_id() {
  std::string id;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, id);
  return id;
}

/// Whether libvirt believes in KVM; without that there is nothing to try.
bool is_offered(virConnectPtr connection) {
  const std::string xml = take_text(virConnectGetCapabilities(connection));
  return !xml.empty() &&
         !XmlDocument(xml).values("/capabilities/guest/arch/domain[@type='kvm']").empty();
}

/// The path of a kernel on the host; empty when none is known.
std::string find_kernel(virConnectPtr connection, bool is_local) {
  const PoolHandle pool(virStoragePoolLookupByName(connection, "encamp.images"));
  virStorageVolPtr* array = nullptr;
  const int count = pool == nullptr ? -1 : virStoragePoolListAllVolumes(pool.get(), &array, 0);
  for (const VolumeHandle& volume : take_all<VolumeHandle>(array, count))
    if (std::string_view(virStorageVolGetName(volume.get())).ends_with(".kernel"))
      return take_text(virStorageVolGetPath(volume.get()));
  std::string newest;
  std::error_code error;
  if (is_local)
    for (const fs::directory_entry& entry : fs::directory_iterator("/boot", error))
      if (entry.path().filename().native().starts_with("vmlinuz-"))
        newest = std::max(newest, entry.path().native());
  return newest;
}

std::string test_domain(const std::string& uuid, const std::string& kernel) {
  Element os("os");
  os.add(Element("type").set("machine", "q35").text("hvm"))
      .add(Element("kernel").text(kernel))
      .add(Element("cmdline").text("console=ttyS0 panic=-1"));
  Element devices("devices");
  devices.add(Element("serial").set("type", "pty"))
      .add(Element("controller").set("type", "usb").set("model", "none"))
      .add(Element("memballoon").set("model", "none"));
  Element domain("domain");
  domain.set("type", "kvm")
      .add(Element("name").text(kName))
      .add(Element("uuid").text(uuid))
      .add(Element("memory").set("unit", "MiB").text("128"))
      .add(std::move(os))
      .add(Element("features").add(Element("acpi")))
      .add(Element("cpu").set("mode", "host-passthrough"))
      .add(Element("on_reboot").text("destroy"))
      .add(std::move(devices));
  return domain.str();
}

bool boots(virConnectPtr connection, const std::string& kernel) {
  const std::string uuid = uuid_of({.address = "kvm-test"}, "guest");
  // One that is there was left by a test that was killed; the lock is ours.
  if (const DomainHandle left{virDomainLookupByUUIDString(connection, uuid.c_str())})
    virDomainDestroy(left.get());
  const DomainHandle domain(virDomainCreateXML(connection, test_domain(uuid, kernel).c_str(),
                                               VIR_DOMAIN_START_AUTODESTROY));
  if (domain == nullptr)
    return false;
  constexpr std::string_view kReached = "Unable to mount root fs";
  const std::string console = read_console(
      connection, domain.get(), kLimit,
      [&](const std::string& text) { return text.find(kReached) != std::string::npos; });
  virDomainDestroy(domain.get());
  return console.find(kReached) != std::string::npos;
}

/// Holds the lock on the file that keeps the answer.
class Kept {
 public:
  explicit Kept(const std::string& path)
      : fd_(path.empty() ? -1 : open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ >= 0)
      flock(fd_, LOCK_EX);
  }
  ~Kept() {
    if (fd_ >= 0)
      close(fd_);
  }
  Kept(const Kept&) = delete;
  Kept& operator=(const Kept&) = delete;

  std::optional<bool> answer() const {
    char text[64] = {};
    if (fd_ < 0 || pread(fd_, text, sizeof text - 1, 0) <= 0)
      return std::nullopt;
    for (const bool runs : {false, true})
      if (text == line(runs))
        return runs;
    return std::nullopt;  // Of an earlier boot.
  }

  void keep(bool runs) const {
    const std::string text = line(runs);
    if (fd_ >= 0 && ftruncate(fd_, 0) == 0 && pwrite(fd_, text.data(), text.size(), 0) < 0)
      ftruncate(fd_, 0);  // It will be tried again.
  }

 private:
  static std::string line(bool runs) { return fmt::format("{} {}\n", boot_id(), runs ? 1 : 0); }

  int fd_;
};

}  // namespace

bool kvm_runs_a_kernel(ConnectionPool& machines, const HostSettings& settings) {
  if (!machines.is_driver("qemu"))
    return false;
  return machines.with([&](virConnectPtr connection) {
    if (!is_offered(connection))
      return false;
    const bool keeps = machines.is_local() && !settings.state.empty();
    const Kept kept(keeps ? settings.state + "/kvm" : std::string());
    if (const std::optional<bool> answer = kept.answer())
      return *answer;
    const std::string kernel = find_kernel(connection, machines.is_local());
    if (kernel.empty())
      return false;
    const bool runs = boots(connection, kernel);
    kept.keep(runs);
    return runs;
  });
}

}  // namespace encamp
