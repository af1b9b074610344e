#include "engine/bind/room.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/error.h"

namespace encamp {
namespace {

struct Holding {
  std::string name;
  Bytes reserved_memory;
  Bytes guest_memory;
  Bytes disk;
  Bytes memory() const { return std::max(reserved_memory, guest_memory); }
};

// Figures for people: hosts have odd amounts of memory.
std::string rough(Bytes bytes) {
  constexpr double kMebi = 1 << 20;
  const double mebi = static_cast<double>(bytes.count) / kMebi;
  return mebi < 1024 ? fmt::format("{:.0f} MiB", mebi) : fmt::format("{:.1f} GiB", mebi / 1024);
}

std::map<std::string, Holding> holdings(const BindInput& input, const HostOffer& host) {
  std::map<std::string, Holding> others;  // By the deployment's id.
  for (const Reservation& reservation : input.reservations) {
    if (reservation.host != host.name || reservation.deployment == input.deployment)
      continue;
    Holding& holding = others[reservation.deployment];
    holding.name = reservation.name;
    holding.reserved_memory.count += reservation.memory.count;
    holding.disk.count += reservation.disk.count;
  }
  for (const Inventory::Found& found : host.inventory.ours) {
    if (found.claim.kind != Claim::Kind::Guest || found.owner.deployment == input.deployment)
      continue;
    Holding& holding = others[found.owner.deployment];
    if (holding.name.empty())
      holding.name = found.claim.name;
    holding.guest_memory.count += found.memory.count;
  }
  return others;
}

struct Sum {
  std::string what;  // "memory"
  Bytes wanted;
  Bytes there;
  int overcommit = 1;
  std::vector<std::pair<std::string, Bytes>> held;

  Bytes free() const {
    Bytes left{there.count * overcommit};
    for (const auto& [name, bytes] : held)
      left.count -= bytes.count;
    return {std::max<std::int64_t>(left.count, 0)};
  }

  std::string detail() const {
    std::string text = fmt::format("{}: {} wanted, {} free; the host has {}", what, rough(wanted),
                                   rough(free()), rough(there));
    if (overcommit != 1)
      text += fmt::format(", promised {} times", overcommit);
    for (const auto& [name, bytes] : held)
      text += fmt::format("\n  {} held by '{}'", rough(bytes), name);
    return text;
  }
};

Bytes data_disks_of(const Resource& node) {
  Bytes sum;
  const auto disks = node.properties.find("disks");
  if (disks == node.properties.end() || !disks->second.is_mapping())
    return sum;
  for (const Value::Entry& disk : disks->second.mapping()) {
    if (const Value* size = disk.value.find("size"); size != nullptr && size->is<Bytes>())
      sum.count += size->bytes().count;
  }
  return sum;
}

}  // namespace

Demand demand_of(const Graph& graph) {
  Demand demand;
  for (const Resource& resource : graph.resources) {
    const auto size = resource.properties.find("size");
    if (resource.component == "volume" && size != resource.properties.end() &&
        size->second.is<Bytes>())
      demand.disk.count += size->second.bytes().count;
    if (resource.component != "node")
      continue;
    const auto memory = resource.properties.find("memory");
    const auto disk = resource.properties.find("disk");
    if (memory != resource.properties.end() && memory->second.is<Bytes>())
      demand.memory.count += memory->second.bytes().count;
    if (disk != resource.properties.end() && disk->second.is<Bytes>())
      demand.disk.count += disk->second.bytes().count;
    demand.disk.count += data_disks_of(resource).count;
  }
  return demand;
}

void check_room(const Graph& graph, const BindInput& input, const HostOffer& host) {
  const Demand demand = demand_of(graph);
  const auto own = std::ranges::find_if(input.reservations, [&](const Reservation& reservation) {
    return reservation.host == host.name && reservation.deployment == input.deployment;
  });
  Sum memory{"memory", demand.memory, host.inventory.memory, input.overcommit.memory, {}};
  Sum disk{"disk", demand.disk, host.inventory.disk, input.overcommit.disk, {}};
  for (const auto& [id, holding] : holdings(input, host)) {
    if (holding.memory().count > 0)
      memory.held.emplace_back(holding.name, holding.memory());
    if (holding.disk.count > 0)
      disk.held.emplace_back(holding.name, holding.disk);
  }
  for (const Sum* sum : {&memory, &disk}) {
    const Bytes before = own == input.reservations.end() ? Bytes{}
                         : sum == &memory                ? own->memory
                                                         : own->disk;
    if (sum->wanted > before && sum->wanted > sum->free())
      throw Error(ErrorKind::NoRoom,
                  fmt::format("host '{}' has no room for '{}': {} of {} wanted, {} free", host.name,
                              graph.site, rough(sum->wanted), sum->what, rough(sum->free())))
          .with_detail(sum->detail())
          .with_hint(sum->held.empty() ? fmt::format("give the nodes less {}", sum->what)
                                       : "encamp list, then encamp down what is not needed");
  }
}

}  // namespace encamp
