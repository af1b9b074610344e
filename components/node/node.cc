#include "components/node/node.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "components/node/baking.h"
#include "components/node/data_disks.h"
#include "components/node/layout.h"
#include "components/node/schema.h"
#include "engine/component/attempt.h"
#include "engine/mutant.h"
#include "engine/world/printable.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kNodePause{20};
constexpr std::size_t kConsoleTail = 4096;
constexpr int kConsoleLines = 15;

// How long a node may take until someone can log in, and how often meanwhile it is looked whether
// it still runs. Measured, idle: a container 0.5 s, a machine without KVM 10 s.
struct Patience {
  seconds whole;
  seconds look;
};

Patience patience(Isolation isolation) {
  if (isolation == Isolation::Machine)
    return {seconds(180), seconds(30)};
  return {seconds(60), seconds(5)};
}

/// An empty volume, for a console.
class Nothing : public Content {
 public:
  Bytes size() const override { return {0}; }
  std::optional<Extent> next() override { return std::nullopt; }
};

bool is_same_size(Bytes one, Bytes other) {  // libvirt rounds to KiB, the kernel to pages.
  return std::abs(one.count - other.count) < 8192;
}

// Realizes and removes one node; lives for one call of the component.
class NodeWork {
 public:
  NodeWork(NodeLayout layout, Context& context)
      : node_(std::move(layout)), context_(context), host_(context.host()) {}

  Attributes realize(const Properties& wanted) {
    const SshKey host_key = context_.ssh_key(context_.owner().address);
    const std::optional<GuestState> state = find_guest();
    // A guest is defined last, so while there is none nothing ran on the disk: it may be half made.
    if (!state) {
      make_disk(host_key);
      define(wanted);
    } else {
      grow_disks(wanted, *state);
      if (!is_same_size(state->memory, node_.memory))
        change_memory(wanted, *state);
    }
    context_.progress("starting");
    attempt(
        context_, [&] { host_.start_guest(node_.guest); }, [&] { return is_running(); });
    Guest& guest = reach();
    if (state)
      check_disks(guest);
    make_identities(wanted);
    return {{"ssh_host_key", host_key.public_key}};
  }

 private:
  // Nothing when there is none. What has our name and not our owner is never touched.
  std::optional<GuestState> find_guest() {
    std::optional<GuestState> state = host_.find_guest(node_.guest);
    if (state && state->owner != context_.owner() && !mutant("forget-the-owner"))
      throw Error(ErrorKind::Conflict,
                  fmt::format("guest '{}' is there and belongs to {}", node_.guest.name,
                              state->owner ? "another deployment" : "somebody else"))
          .with_hint("give the deployment another name: --name");
    return state;
  }

  bool is_running() {
    const std::optional<GuestState> state = find_guest();
    return state && state->power == GuestState::Power::Running;
  }

  void make_disk(const SshKey& host_key) {
    context_.progress("making the disk");
    Identity identity{.host_private_key = host_key.private_key,
                      .host_public_key = host_key.public_key,
                      .authorized_keys = context_.authorized_keys()};
    identity.authorized_keys.insert(identity.authorized_keys.begin(),
                                    context_.ssh_key("ssh").public_key);
    const std::unique_ptr<Content> disk = context_.workshop().make_disk(
        {.size = node_.disk_size, .files = disk_files(node_, identity)});
    put_volume(node_.disk, *disk);
    for (const DataDisk& data : node_.data_disks) {
      const std::unique_ptr<Content> empty =
          context_.workshop().make_disk({.size = data.size, .files = {}});
      put_volume(data.claim, *empty);
    }
    if (node_.isolation == Isolation::Machine) {
      Nothing empty;
      put_volume(node_.console, empty);
    }
  }

  void put_volume(const Claim& claim, Content& content) {
    if (host_.find_volume(volume_of(claim)))
      host_.remove_volume(volume_of(claim));
    host_.create_volume(volume_of(claim), content);
  }

  void define(const Properties& wanted) {
    const GuestSpec spec = spec_of(wanted);
    attempt(
        context_, [&] { host_.define_guest(spec); }, [&] { return find_guest().has_value(); });
  }

  GuestSpec spec_of(const Properties& wanted) {
    const bool is_machine = node_.isolation == Isolation::Machine;
    const Record& image = context_.record(wanted.at("image").reference());
    const auto parts = image.attributes.find(is_machine ? "machine" : "container");
    if (parts == image.attributes.end())
      throw Error(ErrorKind::Failed, fmt::format("image '{}' was not made for a {}", image.address,
                                                 wanted.at("kind").text()));
    const auto volume = [&](const char* part) {
      return VolumeId{parts->second.find("pool")->text(), parts->second.find(part)->text()};
    };
    GuestSpec spec{.claim = node_.guest,
                   .owner = context_.owner(),
                   .isolation = node_.isolation,
                   .memory = node_.memory,
                   .image = volume("root"),
                   .disk = volume_of(node_.disk)};
    for (const DataDisk& data : node_.data_disks)
      spec.data_disks.push_back(volume_of(data.claim));
    if (const auto cpus = wanted.find("cpus"); cpus != wanted.end())
      spec.cpus = static_cast<int>(cpus->second.integer());
    if (is_machine) {
      spec.kvm = wanted.at("kvm").boolean();
      spec.kernel = volume("kernel");
      spec.initrd = volume("initrd");
      spec.console = volume_of(node_.console);
    }
    for (const NetworkCard& a : node_.cards)
      spec.nics.push_back({fmt::format("encamp.{}.{}", context_.deployment(), a.network), a.mac});
    for (const Mount& mount : node_.mounts) {
      const Value& place = context_.record(mount.volume).attributes.at("place");
      spec.shares.push_back({{place.find("pool")->text(), place.find("name")->text()}, mount.tag});
    }
    return spec;
  }

  // In place where the kernel lets us: the limit of a container. A machine starts again with it.
  void change_memory(const Properties& wanted, const GuestState& state) {
    context_.progress("changing its memory");
    if (node_.isolation == Isolation::Container && !started_again_ &&
        state.power == GuestState::Power::Running) {
      attempt(
          context_, [&] { host_.set_guest_memory(node_.guest, node_.memory); },
          [&] {
            const std::optional<GuestState> now = find_guest();
            return now && is_same_size(now->memory, node_.memory);
          });
      return;
    }
    stop(state);
    define(wanted);
  }

  // The volume here, and at the next start the file system on it by the node's own init.
  void grow_disk(const Properties& wanted, const GuestState& state, const Claim& claim,
                 Bytes size) {
    const auto is_large_enough = [&] {
      const std::optional<VolumeState> disk = host_.find_volume(volume_of(claim));
      return !disk || disk->capacity >= size;  // Without one it cannot start anyway.
    };
    if (is_large_enough())
      return;
    context_.progress("growing its disk");
    stop(state);
    attempt(
        context_, [&] { host_.grow_volume(volume_of(claim), size); }, is_large_enough);
    define(wanted);
  }

  void grow_disks(const Properties& wanted, const GuestState& state) {
    grow_disk(wanted, state, node_.disk, node_.disk_size);
    for (const DataDisk& data : node_.data_disks)
      grow_disk(wanted, state, data.claim, data.size);
  }

  // That the file system at `path` fills its disk. On it some of the disk goes for its own lists.
  void check_disk(Guest& guest, const std::string& path, Bytes wanted) {
    const CommandResult result = guest.probe({.text = "stat -f -c '%b %S' \"$WHERE\"",
                                              .environment = {{"WHERE", path}},
                                              .timeout = seconds(30)});
    long long blocks = 0;
    long long size = 0;
    std::istringstream figures(result.output);
    if (!(figures >> blocks >> size) || blocks * size >= wanted.count / 4 * 3)
      return;
    throw Error(
        ErrorKind::Failed,
        fmt::format("the disk of node '{}' at '{}' has {}, and the file system on it only {}",
                    node_.name, path, to_string(wanted), to_string(Bytes{blocks * size})))
        .with_detail(host_.console_tail(node_.guest, kConsoleTail))
        .with_hint(
            "its host lets no container grow a file system (CAP_SYS_RESOURCE); a machine can: "
            "isolation: vm");
  }

  void check_disks(Guest& guest) {
    check_disk(guest, "/", node_.disk_size);
    for (const DataDisk& data : node_.data_disks)
      check_disk(guest, data.path, data.size);
  }

  // Off, to be started again.
  void stop(const GuestState& state) {
    if (started_again_)
      return;
    if (node_.isolation == Isolation::Machine && state.power == GuestState::Power::Running)
      power_off();
    stop_guest(host_, context_, node_.guest, seconds(30));
    started_again_ = true;
  }

  // From inside, because nothing in a machine listens to its power button: logind is masked.
  void power_off() {
    const Clock::Instant deadline = context_.clock().now() + patience(node_.isolation).look;
    attempt(
        context_,
        [&] {
          context_.guest_by(std::min(deadline, context_.deadline()))
              .probe({.text = "sync; systemctl --no-block poweroff", .timeout = seconds(20)});
        },
        [] { return true; });
  }

  Guest& reach() {
    const Patience patience_of_kind = patience(node_.isolation);
    const Clock::Instant begin = context_.clock().now();
    const Clock::Instant end = std::min(begin + patience_of_kind.whole, context_.deadline());
    context_.progress("waiting for SSH");
    while (true) {
      try {
        Guest& guest =
            context_.guest_by(std::min(context_.clock().now() + patience_of_kind.look, end));
        if (started_again_)  // The connection may be one to the guest before.
          guest.probe({.text = "true", .timeout = patience_of_kind.look});
        return guest;
      } catch (Error& error) {
        if (error.kind() != ErrorKind::Timeout && error.kind() != ErrorKind::Unavailable)
          throw;
        const bool runs = is_running();
        if (runs && context_.clock().now() < end) {
          context_.clock().sleep(kNodePause, context_.stop());
          continue;
        }
        throw_unreached(error, runs);
      }
    }
  }

  // Keys of packages that are in the image, once: its software is not touched before.
  void make_identities(const Properties& wanted) {
    const Record& image = context_.record(wanted.at("image").reference());
    const bool may_have_some =
        std::ranges::any_of(std::array{"packages", "sha256", "software"},
                            [&](const char* name) { return image.properties.contains(name); });
    if (!may_have_some)
      return;
    const CommandResult result = context_.guest_by(context_.deadline())
                                     .probe({.text = "make=/usr/lib/encamp/make-identities\n"
                                                     "[ ! -e $make ] || { $make >&2 && rm $make; }",
                                             .timeout = std::chrono::minutes(1)});
    if (result.exit != 0)
      throw Error(ErrorKind::Failed,
                  fmt::format("node '{}' cannot make keys of its own", node_.name))
          .with_detail(last_lines(printable(result.output + result.errors), kConsoleLines));
  }

  [[noreturn]] void throw_unreached(const Error& cause, bool runs) {
    const std::string what =
        runs ? fmt::format("node '{}' does not answer: {}", node_.name, cause.what())
             : fmt::format("node '{}' ended while it started", node_.name);
    throw Error(runs ? ErrorKind::Timeout : ErrorKind::Failed, what)
        .with_detail(host_.console_tail(node_.guest, kConsoleTail));
  }

 public:
  /// Off, or gone. Asks first and waits for `grace`.
  static void stop_guest(Host& host, Context& context, const Claim& claim, seconds grace) {
    const auto is_off = [&] {
      const std::optional<GuestState> state = host.find_guest(claim);
      return !state || state->power == GuestState::Power::Off;
    };
    if (is_off())
      return;
    if (grace > seconds(0)) {
      attempt(
          context, [&] { host.shut_down_guest(claim); }, [] { return true; });
      if (context.wait_until(is_off, context.clock().now() + grace, kNodePause))
        return;
    }
    attempt(
        context, [&] { host.destroy_guest(claim); }, is_off);
  }

 private:
  NodeLayout node_;
  Context& context_;
  Host& host_;
  bool started_again_ = false;
};

class Node : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  void expand(const Resource& node, Expansion& expansion) const override {
    expansion.imply({.address = "storage", .component = "storage"}, "its disk lies there");
    expand_networks(node, expansion);
    expand_image(node, expansion);
    expand_mounts(node, expansion);
  }

  void check(const Resource& node, Diagnostics& diagnostics) const override {
    const auto host = node.properties.find("host");
    if (host != node.properties.end() && !host->second.is_text())
      diagnostics.add({.code = "not-known-yet",
                       .summary = "which host a node is on must be known when the file is read",
                       .where = node.place("host")});
    check_data_disks(node, diagnostics);
    const auto mounts = node.properties.find("mounts");
    if (mounts == node.properties.end() || !mounts->second.is_mapping())
      return;
    for (const Value::Entry& entry : mounts->second.mapping()) {
      if (is_mount_point(entry.key))
        continue;
      diagnostics.add(
          {.code = "bad-path",
           .summary = fmt::format("'{}' cannot be where a volume is mounted", printable(entry.key)),
           .where = node.place("mounts." + entry.key),
           .hint = "an absolute path without '.', '..' and a slash at its end"});
    }
  }

  std::vector<Claim> claims(const Properties& properties, const Owner& owner,
                            const std::string& deployment) const override {
    return NodeLayout(properties, owner, deployment).claims();
  }

  // What is baked into its image does not count: a package that was added is installed in place.
  // A disk only grows; what was smaller would have to be made anew.
  Change compare(const Properties& wanted, const Properties& recorded) const override {
    Change change = Component::compare(wanted, recorded);
    const auto changes = [&](const char* name) {
      return wanted.contains(name) && recorded.contains(name) &&
             wanted.at(name) != recorded.at(name);
    };
    if (changes("disk") && wanted.at("disk").bytes() < recorded.at("disk").bytes())
      change.kind = Change::Kind::Replace;
    compare_data_disks(wanted, recorded, change);
    change.restarts = change.restarts || changes("disk") ||
                      (changes("memory") && wanted.at("kind") == Value("machine"));
    for (const char* name : {"essence", "kind", "hostname"}) {
      const auto now = wanted.find(name);
      const auto then = recorded.find(name);
      if (now == wanted.end() || then == recorded.end() || now->second == then->second)
        continue;
      change.kind = Change::Kind::Replace;
      change.reasons.push_back(
          fmt::format("{}: {} -> {}", std::string_view(name) == "essence" ? "image" : name,
                      to_display(then->second, 40), to_display(now->second, 40)));
    }
    return change;
  }

  Attributes realize(const Properties& wanted, const Record&, Context& context) const override {
    NodeWork work(NodeLayout(wanted, context.owner(), context.deployment()), context);
    return work.realize(wanted);
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    for (const Claim& claim : record.claims) {
      if (claim.kind != Claim::Kind::Guest)
        continue;
      const std::optional<GuestState> state = context.host().find_guest(claim);
      if (!state || state->owner != context.owner())
        return std::nullopt;
      Properties seen = record.properties;
      if (!is_same_size(state->memory, seen.at("memory").bytes()))
        seen["memory"] = state->memory;
      return seen;
    }
    return std::nullopt;
  }

  void remove(const Record& record, Context& context) const override {
    Host& host = context.host();
    for (const Claim& claim : record.claims) {
      if (claim.kind == Claim::Kind::Guest)
        remove_guest(claim, context);
    }
    for (const Claim& claim : record.claims) {
      if (claim.kind == Claim::Kind::Volume && !mutant("disk-is-left"))
        attempt(
            context, [&] { host.remove_volume(volume_of(claim)); },
            [&] { return !host.find_volume(volume_of(claim)); });
    }
  }

 private:
  static void expand_networks(const Resource& node, Expansion& expansion) {
    std::vector<std::string> names;
    const auto written = node.properties.find("networks");
    if (written == node.properties.end() || written->second.is_null()) {
      for (const Resource& resource : expansion.site().resources) {
        if (resource.component == "network")
          names.emplace_back(last_name(resource.address));
      }
      if (names.size() != 1)
        return;
      expansion.set("networks", Value::List{names.front()});
    } else if (written->second.is_list()) {
      for (const Value& item : written->second.list())
        names.push_back(item.is_reference() ? last_name(item.reference()) : item.text());
    } else if (written->second.is_mapping()) {
      for (const Value::Entry& entry : written->second.mapping())
        names.push_back(entry.key);
    } else if (written->second.is_text()) {
      names.push_back(written->second.text());
      expansion.set("networks", Value::List{written->second});
    }
    for (const std::string& name : names)
      expansion.need(child_address("networks", name), "is on it");
  }

  static void expand_mounts(const Resource& node, Expansion& expansion) {
    const auto written = node.properties.find("mounts");
    if (written == node.properties.end() || !written->second.is_mapping())
      return;
    for (const Value::Entry& entry : written->second.mapping()) {
      if (entry.value.is_reference())
        expansion.need(entry.value.reference(), "mounts it");
    }
  }

  static void expand_image(const Resource& node, Expansion& expansion) {
    const Resource* image = image_of(node, expansion.site());
    if (image == nullptr)
      return;
    expansion.set("essence", essence_of(*image));
    std::optional<Resource> baked = baked_image(*image, expansion.items(node.address));
    if (baked && baked->properties.contains("files")) {
      const std::set<std::string> all = packages_of(expansion.site());
      baked->properties["site_packages"] = Value::List(all.begin(), all.end());
    }
    const Address address = baked ? baked->address : image->address;
    expansion.set("image", Reference{address});
    if (baked)
      expansion.imply(std::move(*baked), "starts from it, with its packages in it");
    else
      expansion.need(address, "starts from it");
  }

  // What has the claim's name and is not ours stays: ours is gone.
  static void remove_guest(const Claim& claim, Context& context) {
    Host& host = context.host();
    const std::optional<GuestState> state = host.find_guest(claim);
    if (!state || state->owner != context.owner())
      return;
    const bool is_machine = state->isolation == Isolation::Machine;
    // Nothing on a machine's disk is wanted any more, and to shut it down takes long.
    NodeWork::stop_guest(host, context, claim, is_machine ? seconds(0) : seconds(3));
    const auto is_gone = [&] {
      const std::optional<GuestState> now = host.find_guest(claim);
      return !now || now->owner != context.owner();
    };
    attempt(
        context, [&] { host.undefine_guest(claim); }, is_gone);
    if (!is_gone())
      throw Error(ErrorKind::Failed, fmt::format("guest '{}' is still there", claim.name));
  }

  const Schema schema_ = make_node_schema();
};

}  // namespace

std::unique_ptr<const Component> make_node_component() {
  return std::make_unique<Node>();
}

}  // namespace encamp
