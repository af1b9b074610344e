#include "src/libvirt_guest.h"

#include <chrono>
#include <thread>

#include <fmt/format.h>
#include <libvirt/virterror.h>

#include "src/libvirt_console.h"
#include "src/libvirt_error.h"
#include "src/libvirt_guest_xml.h"
#include "src/libvirt_handle.h"
#include "src/libvirt_xml.h"
#include "src/local_chores.h"

namespace encamp {
namespace {

constexpr std::chrono::seconds kLoopDeadline{30};
constexpr std::chrono::milliseconds kLoopPause{50};
constexpr std::chrono::milliseconds kConsoleLimit{300};

DomainHandle find_guest_by_uuid(virConnectPtr connection, const Claim& claim) {
  DomainHandle domain(virDomainLookupByUUIDString(connection, claim.uuid.c_str()));
  if (domain == nullptr && !last_error_is(VIR_ERR_NO_DOMAIN))
    throw libvirt_error(fmt::format("cannot look up guest '{}'", claim.name));
  return domain;
}

DomainHandle find_guest_by_name(virConnectPtr connection, const Claim& claim) {
  DomainHandle domain(virDomainLookupByName(connection, claim.name.c_str()));
  if (domain == nullptr && !last_error_is(VIR_ERR_NO_DOMAIN))
    throw libvirt_error(fmt::format("cannot look up guest '{}'", claim.name));
  return domain;
}

/// A loop device keeps the path of its file in 64 bytes, and libvirt attaches none to a longer one.
void check_path(const std::string& guest, const std::string& path) {
  constexpr std::size_t kLongest = 63;
  if (path.size() > kLongest)
    throw Error(ErrorKind::Failed,
                fmt::format("cannot define guest '{}': the path of its volume has {} bytes, and "
                            "loop devices take {}: {}",
                            guest, path.size(), kLongest, path))
        .with_hint("a shorter 'storage' for the host in hosts.yaml");
}

/// Nothing when the domain has gone meanwhile.
std::optional<GuestState::Power> power_of(virDomainPtr domain) {
  const std::string name = virDomainGetName(domain);
  int state = 0;
  if (virDomainGetState(domain, &state, nullptr, 0) != 0) {
    if (last_error_is(VIR_ERR_NO_DOMAIN))
      return std::nullopt;
    throw libvirt_error(fmt::format("cannot look at guest '{}'", name));
  }
  switch (state) {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
    case VIR_DOMAIN_SHUTDOWN:  // Still at it.
      return GuestState::Power::Running;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED:
      return GuestState::Power::Paused;
    default:
      return GuestState::Power::Off;
  }
}

bool is_off(virDomainPtr domain) {
  return power_of(domain).value_or(GuestState::Power::Off) == GuestState::Power::Off;
}

std::optional<GuestState> state_of(virDomainPtr domain) {
  const std::string name = virDomainGetName(domain);
  const std::optional<GuestState::Power> power = power_of(domain);
  const std::string xml = take_text(virDomainGetXMLDesc(domain, 0));
  if (!power || xml.empty()) {
    if (!power || last_error_is(VIR_ERR_NO_DOMAIN))
      return std::nullopt;
    throw libvirt_error(fmt::format("cannot read guest '{}'", name));
  }
  GuestState state = guest_state(xml);
  state.power = *power;
  return state;
}

void destroy_domain(virDomainPtr domain) {
  const std::string name = virDomainGetName(domain);
  if (virDomainDestroy(domain) == 0)
    return;
  const Error error = libvirt_error(fmt::format("cannot end guest '{}'", name));
  if (!is_off(domain))
    throw Error(error);
}

/// Another process may start a container at the same time, and its controller may take the loop
/// device that ours is about to take.
bool is_loop_race() {
  return last_error_says("to loop device") &&
         (last_error_says("busy") || last_error_is_errno(EBUSY));
}

/// Tries again for as long as `patience` when another process takes the loop device.
void start_domain(virDomainPtr domain, std::chrono::seconds patience) {
  const std::string name = virDomainGetName(domain);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (virDomainCreate(domain) != 0) {
    const bool race = is_loop_race();
    const Error error = libvirt_error(fmt::format("cannot start guest '{}'", name));
    if (!is_off(domain))
      return;
    if (!race || std::chrono::steady_clock::now() > deadline)
      throw Error(error);
    std::this_thread::sleep_for(kLoopPause);
  }
}

}  // namespace

bool LibvirtGuests::with_domain(const Claim& claim, const Action& action) {
  for (ConnectionPool* pool : connections_.usable()) {
    const bool found = pool->with([&](virConnectPtr connection) {
      const DomainHandle domain = find_guest_by_uuid(connection, claim);
      if (domain == nullptr)
        return false;
      action(connection, domain.get(), *pool);
      return true;
    });
    if (found)
      return true;
  }
  return false;
}

std::optional<GuestState> LibvirtGuests::find(const Claim& claim) {
  for (auto* const look_up : {&find_guest_by_uuid, &find_guest_by_name})
    for (ConnectionPool* pool : connections_.usable()) {
      const std::optional<GuestState> state = pool->with([&](virConnectPtr connection) {
        const DomainHandle domain = look_up(connection, claim);
        return domain == nullptr ? std::nullopt : state_of(domain.get());
      });
      if (state)
        return state;
    }
  return std::nullopt;
}

void LibvirtGuests::define(const GuestSpec& spec) {
  const bool container = spec.isolation == Isolation::Container;
  ConnectionPool* pool = container ? connections_.containers() : connections_.machines();
  if (pool == nullptr)
    throw Error(ErrorKind::Unavailable,
                fmt::format("cannot define guest '{}': the host has no {}", spec.claim.name,
                            container ? "containers" : "machines"))
        .with_hint("encamp doctor");
  GuestPaths paths{.image = spec.sweeps ? "" : storage_.path_of(spec.image),
                   .disk = storage_.path_of(spec.disk)};
  for (const VolumeId& disk : spec.data_disks)
    paths.data_disks.push_back(storage_.path_of(disk));
  for (const Share& share : spec.shares)
    paths.shares.push_back(storage_.path_of(share.volume));
  std::string xml;
  if (container) {
    check_path(spec.claim.name, paths.image);
    check_path(spec.claim.name, paths.disk);
    for (const std::string& disk : paths.data_disks)
      check_path(spec.claim.name, disk);
    xml = container_xml(spec, paths);
  } else {
    paths.kernel = storage_.path_of(spec.kernel);
    paths.initrd = storage_.path_of(spec.initrd);
    paths.console = storage_.path_of(spec.console);
    xml = machine_xml(spec, paths, pool->is_driver("test") ? "test" : spec.kvm ? "kvm" : "qemu");
  }
  pool->with([&](virConnectPtr connection) {
    const DomainHandle domain(virDomainDefineXML(connection, xml.c_str()));
    if (domain == nullptr)
      throw libvirt_error(fmt::format("cannot define guest '{}'", spec.claim.name));
  });
}

bool LibvirtGuests::is_container(const Claim& claim) {
  ConnectionPool* pool = connections_.containers();
  return pool != nullptr && pool->with([&](virConnectPtr connection) {
    return find_guest_by_uuid(connection, claim) != nullptr;
  });
}

void LibvirtGuests::start(const Claim& claim) {
  std::unique_lock one_at_a_time(starting_, std::defer_lock);
  if (is_container(claim))
    one_at_a_time.lock();  // Before a connection is taken: who waits here holds up nobody else.
  const bool found =
      with_domain(claim, [&](virConnectPtr, virDomainPtr domain, const ConnectionPool& pool) {
        if (is_off(domain))
          start_domain(domain, pool.is_driver("lxc") ? kLoopDeadline : std::chrono::seconds(0));
      });
  if (!found)
    throw Error(ErrorKind::NotFound, fmt::format("guest '{}' is gone", claim.name))
        .with_hint("encamp up makes it again");
}

void LibvirtGuests::shut_down(const Claim& claim) {
  with_domain(claim, [&](virConnectPtr, virDomainPtr domain, const ConnectionPool& pool) {
    if (is_off(domain))
      return;
    const int asked = pool.is_driver("lxc")
                          ? virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_INITCTL)
                          : virDomainShutdown(domain);
    if (asked == 0)
      return;
    const Error error = libvirt_error(fmt::format("cannot shut down guest '{}'", claim.name));
    // libvirt sometimes misses a container's init ("Init process ID is not yet known"), and an
    // init that has no initctl cannot be asked.
    if (pool.is_driver("lxc"))
      destroy_domain(domain);
    else if (!is_off(domain))
      throw Error(error);
  });
}

void LibvirtGuests::destroy(const Claim& claim) {
  with_domain(claim, [](virConnectPtr, virDomainPtr domain, const ConnectionPool&) {
    if (!is_off(domain))
      destroy_domain(domain);
  });
}

void LibvirtGuests::undefine(const Claim& claim) {
  with_domain(claim, [&](virConnectPtr, virDomainPtr domain, const ConnectionPool& pool) {
    // libvirt would do it, and nobody would find the guest again once it has ended.
    if (!is_off(domain))
      throw Error(ErrorKind::Failed,
                  fmt::format("cannot remove guest '{}': it is running", claim.name));
    const unsigned flags = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                           VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM;
    // Only qemu's driver has what these flags are about, and the others refuse them.
    const int undefined =
        pool.is_driver("qemu") ? virDomainUndefineFlags(domain, flags) : virDomainUndefine(domain);
    if (undefined != 0 && !last_error_is(VIR_ERR_NO_DOMAIN))
      throw libvirt_error(fmt::format("cannot remove guest '{}'", claim.name));
  });
  if (connections_.is_local())
    local::remove_cgroups(claim.name);
}

void LibvirtGuests::set_memory(const Claim& claim, Bytes memory) {
  const std::string tried = fmt::format("cannot change the memory of guest '{}'", claim.name);
  const auto kib = static_cast<unsigned long>(memory.count / 1024);
  const bool found =
      with_domain(claim, [&](virConnectPtr, virDomainPtr domain, const ConnectionPool& pool) {
        if (!pool.is_driver("lxc")) {
          // Seen from its next start on.
          constexpr unsigned kNext = VIR_DOMAIN_AFFECT_CONFIG;
          constexpr unsigned kMost = VIR_DOMAIN_MEM_MAXIMUM;
          if (virDomainSetMemoryFlags(domain, kib, kNext | kMost) != 0 ||
              virDomainSetMemoryFlags(domain, kib, kNext) != 0)
            throw libvirt_error(tried);
          return;
        }
        // The limit, not virDomainSetMemory(): that refuses more than the container started with.
        const unsigned flags = VIR_DOMAIN_AFFECT_CONFIG |
                               static_cast<unsigned>(is_off(domain) ? VIR_DOMAIN_AFFECT_CONFIG
                                                                    : VIR_DOMAIN_AFFECT_LIVE);
        virTypedParameterPtr parameters = nullptr;
        int count = 0;
        int capacity = 0;
        virTypedParamsAddULLong(&parameters, &count, &capacity, VIR_DOMAIN_MEMORY_HARD_LIMIT, kib);
        const int set = virDomainSetMemoryParameters(domain, parameters, count, flags);
        virTypedParamsFree(parameters, count);
        if (set != 0)
          throw libvirt_error(tried);
      });
  if (!found)
    throw Error(ErrorKind::NotFound, fmt::format("guest '{}' is gone", claim.name));
}

std::map<std::string, std::vector<std::string>> LibvirtGuests::volume_users(
    const std::string& pool) {
  std::map<std::string, std::vector<std::string>> guests;  // By path of a file.
  for (ConnectionPool* connections : connections_.usable())
    connections->with([&](virConnectPtr connection) {
      virDomainPtr* array = nullptr;
      const int count = virConnectListAllDomains(connection, &array, 0);
      if (count < 0)
        throw libvirt_error("cannot list guests");
      for (const DomainHandle& domain : take_all<DomainHandle>(array, count)) {
        const std::string xml = take_text(virDomainGetXMLDesc(domain.get(), 0));
        if (xml.empty())
          continue;  // It has gone meanwhile.
        for (const std::string& path :
             XmlDocument(xml).values("//source/@file | /domain/os/kernel | /domain/os/initrd"))
          guests[path].emplace_back(virDomainGetName(domain.get()));
      }
    });
  std::map<std::string, std::vector<std::string>> users;
  for (auto& [path, names] : guests) {
    if (const std::string volume = storage_.name_at(pool, path); !volume.empty())
      users[volume] = std::move(names);
  }
  return users;
}

std::string LibvirtGuests::console_tail(const Claim& claim, std::size_t limit) {
  std::string text;
  std::string file;
  with_domain(claim, [&](virConnectPtr connection, virDomainPtr domain, const ConnectionPool&) {
    file = XmlDocument(take_text(virDomainGetXMLDesc(domain, 0)))
               .value("/domain/devices/serial[@type='file']/source/@path");
    if (!file.empty() || is_off(domain))
      return;
    std::size_t before = 0;
    text = read_console(connection, domain, kConsoleLimit, [&](const std::string& so_far) {
      const bool quiet = !so_far.empty() && so_far.size() == before;
      before = so_far.size();
      return quiet;
    });
  });
  if (!file.empty())
    return storage_.read_path_tail(file, limit);
  return text.size() > limit ? text.substr(text.size() - limit) : text;
}

std::vector<LibvirtGuests::Listed> LibvirtGuests::list() {
  std::vector<Listed> listed;
  for (ConnectionPool* pool : connections_.usable())
    pool->with([&](virConnectPtr connection) {
      virDomainPtr* array = nullptr;
      const int count = virConnectListAllDomains(connection, &array, 0);
      if (count < 0)
        throw libvirt_error("cannot list guests");
      for (const DomainHandle& domain : take_all<DomainHandle>(array, count))
        if (std::optional<GuestState> state = state_of(domain.get()))
          listed.push_back({virDomainGetName(domain.get()), std::move(*state)});
    });
  return listed;
}

}  // namespace encamp
