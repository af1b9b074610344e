#include "tests/support/host_contract.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/error.h"

namespace encamp::test {
namespace {

using Kind = Claim::Kind;

class Text : public Content {
 public:
  explicit Text(std::string text, bool breaks = false) : text_(std::move(text)), breaks_(breaks) {}
  Bytes size() const override { return {static_cast<std::int64_t>(text_.size())}; }
  std::optional<Extent> next() override {
    if (given_ && breaks_)
      throw Error(ErrorKind::Failed, "the source broke");
    if (given_ || text_.empty())
      return std::nullopt;
    given_ = true;
    return Extent{.data = std::string_view(text_).substr(0, breaks_ ? 1 : text_.size())};
  }

 private:
  std::string text_;
  bool breaks_;
  bool given_ = false;
};

std::string attempt(const std::function<void()>& call) {
  try {
    call();
    return "ok";
  } catch (const Error& error) {
    return error.kind() == ErrorKind::NotFound   ? "NotFound"
           : error.kind() == ErrorKind::Conflict ? "Conflict"
           : error.kind() == ErrorKind::Failed
               ? "Failed"
               : fmt::format("kind {}: {}", static_cast<int>(error.kind()), error.what());
  }
}

std::string seen(const std::optional<NetworkState>& state) {
  return !state ? "none" : state->active ? "active" : "inactive";
}

std::string seen(const std::optional<GuestState>& state) {
  return !state ? "none" : state->power == GuestState::Power::Running ? "running" : "off";
}

std::string seen(const std::optional<PoolState>& state) {
  return !state ? "none"
                : fmt::format("{}[{}]", state->active ? "active" : "inactive",
                              fmt::join(state->volumes, ","));
}

// In braces the parts are evaluated from left to right.
std::string joined(std::initializer_list<std::string> parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

constexpr const char* kNoUpload = "it has no uploads";

}  // namespace

Owner HostBench::owner(const std::string& address) const {
  return {
      .deployment = uuid_of(
          {.deployment = "00000000-0000-4000-8000-000000000000", .address = prefix}, "deployment"),
      .address = address};
}

Claim HostBench::claim(Kind kind, const std::string& name, const std::string& twin) const {
  return {.kind = kind,
          .name = name.empty() ? prefix : prefix + "." + name,
          .uuid = uuid_of(owner(name + twin), std::to_string(static_cast<int>(kind)))};
}

NetworkSpec HostBench::network(const std::string& name, const std::string& twin) const {
  const Claim network = claim(Kind::Network, name, twin);
  std::string bridge = "camp" + network.uuid.substr(0, 8);
  return {.claim = network,
          .owner = owner("networks." + name),
          .bridge = bridge,
          .domain = "contract.test",
          .subnet = subnet + ".0/24",
          .gateway = subnet + ".1",
          .names = {{.address = subnet + ".10", .names = {"web.contract.test", "web"}}}};
}

GuestSpec HostBench::guest(const std::string& name) const {
  host.create_pool(pool());
  GuestSpec spec{.claim = claim(Kind::Guest, name),
                 .owner = owner("nodes." + name),
                 .isolation = isolation,
                 .memory = Bytes::mebi(64),
                 .image = {pool().name, "image"},
                 .disk = {pool().name, name + ".disk"}};
  make_disks(spec.image, spec.disk);
  if (isolation == Isolation::Machine)
    spec.kernel = spec.initrd = spec.console = spec.image;
  return spec;
}

std::vector<std::string> HostBench::clear() const {
  std::vector<std::string> failures;
  const auto try_to = [&](const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      failures.emplace_back(error.what());
    }
  };
  for (const char* twin : {"", "twin"}) {
    for (const char* name : {"a", "b"}) {
      const Claim guest = claim(Kind::Guest, name, twin);
      try_to([&] { host.destroy_guest(guest); });
      try_to([&] { host.undefine_guest(guest); });
      try_to([&] { host.remove_network(claim(Kind::Network, name, twin)); });
    }
  }
  try_to([&] {
    if (const std::optional<PoolState> state = host.find_pool(pool()))
      for (const std::string& volume : state->volumes)
        host.remove_volume({pool().name, volume});
    host.remove_pool(pool());
  });
  return failures;
}

const std::vector<HostRow>& host_contract() {
  static const std::vector<HostRow> rows{
      {"NetworkMadeTwice", "", "ok, ok, active",
       [](HostBench& bench) {
         const NetworkSpec spec = bench.network("a");
         const auto make = [&] { bench.host.create_network(spec); };
         const std::string first = attempt(make);
         const std::string second = attempt(make);
         return joined({first, second, seen(bench.host.find_network(spec.claim))});
       }},
      {"NetworkOfOurNameAndAnotherUuid", "", "Conflict, the other's, ok, active",
       [](HostBench& bench) {
         const NetworkSpec other = bench.network("a");
         bench.host.create_network(other);
         NetworkSpec spec = bench.network("a", "twin");
         spec.subnet = "10.255.255.0/24";
         spec.gateway = "10.255.255.1";
         spec.names.clear();
         const std::string made = attempt([&] { bench.host.create_network(spec); });
         const bool found = bench.host.find_network(spec.claim)->uuid == other.claim.uuid;
         const std::string removed = attempt([&] { bench.host.remove_network(spec.claim); });
         return joined({made, found ? "the other's" : "ours", removed,
                        seen(bench.host.find_network(other.claim))});
       }},
      {"NetworkThatIsGone", "", "ok, NotFound, none",
       [](HostBench& bench) {
         const Claim claim = bench.claim(Kind::Network, "a");
         return joined({attempt([&] { bench.host.remove_network(claim); }),
                        attempt([&] { bench.host.set_network_names(claim, {}); }),
                        seen(bench.host.find_network(claim))});
       }},
      {"NetworkWithATakenBridge", "it checks no bridges", "Failed, none",
       [](HostBench& bench) {
         const NetworkSpec first = bench.network("a");
         bench.host.create_network(first);
         NetworkSpec spec = bench.network("b");
         spec.bridge = first.bridge;
         spec.subnet = "10.255.255.0/24";
         spec.gateway = "10.255.255.1";
         spec.names.clear();
         return joined({attempt([&] { bench.host.create_network(spec); }),
                        seen(bench.host.find_network(spec.claim))});
       }},
      {"NetworkWithATakenSubnet", "it checks no subnets", "Failed, inactive",
       [](HostBench& bench) {
         bench.host.create_network(bench.network("a"));
         const NetworkSpec spec = bench.network("b");
         return joined({attempt([&] { bench.host.create_network(spec); }),
                        seen(bench.host.find_network(spec.claim))});
       }},
      {"NamesOfANetworkChangeWhileItRuns", "", "ok, as asked",
       [](HostBench& bench) {
         const NetworkSpec spec = bench.network("a");
         bench.host.create_network(spec);
         const std::vector<HostName> names{
             {.address = spec.names[0].address, .names = {"db"}},
             {.address = bench.subnet + ".11", .names = {"x.contract.test", "x"}}};
         const std::string set = attempt([&] { bench.host.set_network_names(spec.claim, names); });
         return joined(
             {set, bench.host.find_network(spec.claim)->names == names ? "as asked" : "otherwise"});
       }},
      {"OwnerWithNastyCharacters", "", "the same",
       [](HostBench& bench) {
         NetworkSpec spec = bench.network("a");
         spec.owner.address = "nodes.a.software['file /e \"t\" <c>&amp;\\é']";
         spec.owner.generation = 17;
         bench.host.create_network(spec);
         return bench.host.find_network(spec.claim)->owner == spec.owner ? "the same" : "another";
       }},
      {"PoolMadeTwice", "", "ok, ok, active[]",
       [](HostBench& bench) {
         const auto make = [&] { bench.host.create_pool(bench.pool()); };
         const std::string first = attempt(make);
         const std::string second = attempt(make);
         return joined({first, second, seen(bench.host.find_pool(bench.pool()))});
       }},
      {"PoolOfOurNameAndAnotherUuid", "", "Conflict, ok, active[]",
       [](HostBench& bench) {
         bench.host.create_pool(bench.pool());
         const Claim twin = bench.claim(Kind::Pool, "", "twin");
         const std::string made = attempt([&] { bench.host.create_pool(twin); });
         const std::string removed = attempt([&] { bench.host.remove_pool(twin); });
         return joined({made, removed, seen(bench.host.find_pool(bench.pool()))});
       }},
      {"PoolWithVolumes", "it deletes pools with what is in them", "Failed, active[v]",
       [](HostBench& bench) {
         bench.host.create_pool(bench.pool());
         Text nothing("");
         bench.host.create_volume({bench.pool().name, "v"}, nothing);
         const std::string removed = attempt([&] { bench.host.remove_pool(bench.pool()); });
         return joined({removed, seen(bench.host.find_pool(bench.pool()))});
       }},
      {"StorageThatIsGone", "", "ok, ok, ok, NotFound, none, NotFound, NotFound",
       [](HostBench& bench) {
         const VolumeId id{bench.pool().name, "v"};
         Text nothing("");
         std::string removed = attempt([&] { bench.host.remove_pool(bench.pool()); });
         removed = joined({removed, attempt([&] { bench.host.remove_volume(id); })});
         const std::string made = attempt([&] { bench.host.create_volume(id, nothing); });
         const std::string found = bench.host.find_volume(id) ? "found" : "none";
         const std::string read = attempt([&] { bench.host.read_volume_tail(id, 1); });
         bench.host.create_pool(bench.pool());
         return joined({removed, attempt([&] { bench.host.remove_volume(id); }), made, found, read,
                        attempt([&] { bench.host.read_volume_tail(id, 1); })});
       }},
      {"VolumeMadeTwice", "", "ok, Conflict",
       [](HostBench& bench) {
         bench.host.create_pool(bench.pool());
         const auto make = [&] {
           Text nothing("");
           bench.host.create_volume({bench.pool().name, "v"}, nothing);
         };
         const std::string first = attempt(make);
         return joined({first, attempt(make)});
       }},
      {"VolumeKeepsItsBytes", kNoUpload, "5, llo, hello",
       [](HostBench& bench) {
         bench.host.create_pool(bench.pool());
         const VolumeId id{bench.pool().name, "v"};
         Text text("hello");
         bench.host.create_volume(id, text);
         return joined({std::to_string(bench.host.find_volume(id)->capacity.count),
                        bench.host.read_volume_tail(id, 3), bench.host.read_volume_tail(id, 100)});
       }},
      {"VolumeGrowsAndNeverShrinks", "it resizes no volumes", "ok, ok, 65536, NotFound",
       [](HostBench& bench) {
         const VolumeId id{bench.pool().name, "v"};
         bench.host.create_pool(bench.pool());
         Text nothing("");
         bench.host.create_volume(id, nothing);
         const std::string grown = attempt([&] { bench.host.grow_volume(id, Bytes{65536}); });
         const std::string again = attempt([&] { bench.host.grow_volume(id, Bytes{100}); });
         const std::int64_t size = bench.host.find_volume(id)->capacity.count;
         const std::string gone = attempt([&] {
           bench.host.grow_volume({bench.pool().name, "none"}, Bytes{65536});
         });
         return joined({grown, again, std::to_string(size), gone});
       }},
      {"UploadThatIsCutOff", "", "Failed, none",
       [](HostBench& bench) {
         bench.host.create_pool(bench.pool());
         const VolumeId id{bench.pool().name, "v"};
         Text half("hello", true);
         const std::string made = attempt([&] { bench.host.create_volume(id, half); });
         return joined({made, bench.host.find_volume(id) ? "half" : "none"});
       }},
      {"DirectoryMadeTwice", "it makes no directories", "ok, Conflict, found, ok, ok, none",
       [](HostBench& bench) {
         bench.host.create_pool(bench.pool());
         const VolumeId id{bench.pool().name, "d"};
         const auto make = [&] { bench.host.create_directory(id); };
         const std::string first = attempt(make);
         const std::string second = attempt(make);
         const std::string found = bench.host.find_volume(id) ? "found" : "none";
         const auto remove = [&] { bench.host.remove_volume(id); };
         const std::string removed = attempt(remove);
         return joined({first, second, found, removed, attempt(remove),
                        bench.host.find_volume(id) ? "found" : "none"});
       }},
      {"DirectoryWithoutAPool", "", "NotFound",
       [](HostBench& bench) {
         return attempt([&] { bench.host.create_directory({bench.pool().name, "d"}); });
       }},
      {"GuestThatIsGone", "", "NotFound, ok, ok, ok, NotFound, none, ''",
       [](HostBench& bench) {
         const Claim claim = bench.claim(Kind::Guest, "a");
         return joined({attempt([&] { bench.host.start_guest(claim); }),
                        attempt([&] { bench.host.shut_down_guest(claim); }),
                        attempt([&] { bench.host.destroy_guest(claim); }),
                        attempt([&] { bench.host.undefine_guest(claim); }),
                        attempt([&] { bench.host.set_guest_memory(claim, Bytes::mebi(64)); }),
                        seen(bench.host.find_guest(claim)),
                        "'" + bench.host.console_tail(claim, 10) + "'"});
       }},
      {"GuestDefinedAgainChanges", "", "off, 96 MiB, ours",
       [](HostBench& bench) {
         GuestSpec spec = bench.guest("a");
         bench.host.define_guest(spec);
         spec.memory = Bytes::mebi(96);
         bench.host.define_guest(spec);
         const std::optional<GuestState> state = bench.host.find_guest(spec.claim);
         return joined({seen(state), fmt::format("{} MiB", state->memory.count >> 20),
                        state->owner == spec.owner ? "ours" : "another's"});
       }},
      {"GuestOfOurNameAndAnotherUuid", "", "Conflict, the other's, ok, off",
       [](HostBench& bench) {
         const GuestSpec other = bench.guest("a");
         bench.host.define_guest(other);
         GuestSpec spec = other;
         spec.claim = bench.claim(Kind::Guest, "a", "twin");
         const std::string made = attempt([&] { bench.host.define_guest(spec); });
         const bool found = bench.host.find_guest(spec.claim)->uuid == other.claim.uuid;
         const std::string removed = attempt([&] { bench.host.undefine_guest(spec.claim); });
         return joined({made, found ? "the other's" : "ours", removed,
                        seen(bench.host.find_guest(other.claim))});
       }},
      {"GuestWithoutItsDisk", "it looks at no disks", "NotFound, none",
       [](HostBench& bench) {
         GuestSpec spec = bench.guest("a");
         spec.disk.name = "missing";
         return joined({attempt([&] { bench.host.define_guest(spec); }),
                        seen(bench.host.find_guest(spec.claim))});
       }},
      {"ConsoleOfAGuestThatIsOff", "its machines have no console", "''",
       [](HostBench& bench) {
         const GuestSpec spec = bench.guest("a");
         bench.host.define_guest(spec);
         return "'" + bench.host.console_tail(spec.claim, 10) + "'";
       }},
      {"GuestThatRuns", "", "ok, ok, running, Failed, running, ok, ok, off, ok, ok, none",
       [](HostBench& bench) {
         const GuestSpec spec = bench.guest("a");
         bench.host.define_guest(spec);
         const auto start = [&] { bench.host.start_guest(spec.claim); };
         const auto destroy = [&] { bench.host.destroy_guest(spec.claim); };
         const auto undefine = [&] { bench.host.undefine_guest(spec.claim); };
         const auto now = [&] { return seen(bench.host.find_guest(spec.claim)); };
         std::string text = attempt(start);
         text = joined({text, attempt(start)});
         text = joined({text, now()});
         text = joined({text, attempt(undefine)});
         text = joined({text, now()});
         text = joined({text, attempt(destroy)});
         text = joined({text, attempt(destroy)});
         text = joined({text, now()});
         text = joined({text, attempt(undefine)});
         text = joined({text, attempt(undefine)});
         return joined({text, now()});
       }},
      {"InventoryListsOurs", "", "network active, guest off",
       [](HostBench& bench) {
         const NetworkSpec network = bench.network("a");
         bench.host.create_network(network);
         const GuestSpec guest = bench.guest("a");
         bench.host.define_guest(guest);
         std::string text;
         const Inventory inventory = bench.host.inventory();
         for (const Inventory::Found& found : inventory.ours) {
           if (found.owner == network.owner && found.claim == network.claim)
             text = std::string("network ") + (found.running ? "active" : "inactive") + text;
           if (found.owner == guest.owner && found.claim == guest.claim)
             text += std::string(", guest ") + (found.running ? "running" : "off");
         }
         return text;
       }},
  };
  return rows;
}

}  // namespace encamp::test
