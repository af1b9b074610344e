#include "components/service/service.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "components/service/readiness.h"
#include "engine/description/expression_tree.h"

namespace encamp {
namespace {

/// The note on how the unit was before the item: a mapping with `enabled` and `active`.
constexpr const char* kBefore = "before";
/// The note on what the unit has read: `restarts_with` when it was last started.
constexpr const char* kStartedWith = "started_with";
constexpr std::array<const char*, 4> kSigns{"port", "command", "url", "log"};

bool flag(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  return found == properties.end() || found->second.boolean();
}

Value ready_of(const Properties& properties) {
  const auto found = properties.find("ready");
  return found == properties.end() ? Value() : found->second;
}

/// Digests by address of the items it restarts with; null without any.
Value digests_of(const Properties& properties) {
  const auto found = properties.find("restarts_with");
  return found == properties.end() ? Value() : found->second;
}

std::string name_of(const Properties& properties) {
  return properties.at("name").text();
}

/// Brings the unit from `state` to what is wanted. Returns whether it was started.
bool set_unit(const std::string& name, const UnitState& state, bool enabled, bool active,
              Guest& guest) {
  if (state.enabled != enabled)
    guest.enable_unit(name, enabled);
  if (state.active && !active)
    guest.stop_unit(name);
  if (!state.active && active)
    guest.start_unit(name);
  return !state.active && active;
}

/// The package items of its node that have `files` and are realized before it.
std::vector<Address> patches_before(const Resource& service, const Expansion& expansion) {
  std::vector<Address> found;
  bool is_before = true;
  for (const Resource* item : expansion.items(service.node)) {
    is_before = is_before && item->address != service.address;
    if (item->component == "package" && item->properties.contains("files") &&
        (is_before || item->needs.empty()))
      found.push_back(item->address);
  }
  return found;
}

}  // namespace

const Schema& ServiceComponent::schema() const {
  static const Schema schema{
      .component = "service",
      .section = "software",
      .about = "A systemd unit. The item is done when the service is ready.",
      .subject = "name",
      .properties =
          {{.name = "name",
            .type = {.kind = Type::Kind::Text},
            .about = "Name of the unit; `.service` may be left out.",
            .required = true,
            .on_change = OnChange::Replace,
            .pattern = "[A-Za-z0-9:_.@\\\\][A-Za-z0-9:_.@\\\\-]*"},
           {.name = "enabled",
            .type = {.kind = Type::Kind::Boolean},
            .about = "Whether it starts when the node boots.",
            .fallback = Value(true)},
           {.name = "running",
            .type = {.kind = Type::Kind::Boolean},
            .about = "Whether it runs.",
            .fallback = Value(true)},
           {.name = "ready",
            .type = {.kind = Type::Kind::Mapping,
                     .fields = {{.name = "port",
                                 .type = {.kind = Type::Kind::Integer},
                                 .about = "Something listens at this TCP port.",
                                 .least = Value(1),
                                 .most = Value(65535)},
                                {.name = "command",
                                 .type = {.kind = Type::Kind::Text},
                                 .about = "This command, run by root, succeeds."},
                                {.name = "url",
                                 .type = {.kind = Type::Kind::Text},
                                 .about = "This URL answers with a status from 200 to 399.",
                                 .pattern = "https?://.+"},
                                {.name = "log",
                                 .type = {.kind = Type::Kind::Text},
                                 .about = "The unit's journal contains this text."},
                                {.name = "timeout",
                                 .type = {.kind = Type::Kind::Time},
                                 .about = "How long it is waited for; 1 min unless said."}}},
            .about = "When it counts as ready, looked at on the node itself. Without it, when "
                     "systemd calls it active."},
           {.name = "restarts_with",
            .type = {.kind = Type::Kind::List,
                     .item = {{.kind = Type::Kind::Reference, .section = "software"}},
                     .or_one = true},
            .about = "Files, directories of files and named items above it; it restarts when one "
                     "of them has changed."}},
      .attributes = {},
      .runs = true};
  return schema;
}

void ServiceComponent::check(const Resource& resource, Diagnostics& diagnostics) const {
  const Value ready = ready_of(resource.properties);
  if (!ready.is_mapping())
    return;
  const auto signs =
      std::ranges::count_if(kSigns, [&](const char* sign) { return ready.find(sign) != nullptr; });
  if (signs != 1)
    diagnostics.add({.code = "service-ready",
                     .summary = "a service is ready by exactly one sign",
                     .where = resource.place("ready"),
                     .label = signs == 0 ? "none is here" : "more than one is here",
                     .hint = "one of: port, command, url, log"});
}

// Each item it restarts with becomes its digest: a late value, so the service comes after it, and
// is updated when it may have changed. Local packages of its node are among them: what is under
// test is what runs.
void ServiceComponent::expand(const Resource& resource, Expansion& expansion) const {
  const Value items = digests_of(resource.properties);
  std::vector<Address> addresses = patches_before(resource, expansion);
  if (items.is_list()) {
    for (const Value& item : items.list()) {
      if (std::ranges::find(addresses, item.reference()) == addresses.end())
        addresses.push_back(item.reference());
    }
  }
  if (addresses.empty())
    return;
  Value::Mapping digests;
  for (const Address& address : addresses)
    digests.push_back(
        {address, attribute_value({address, "digest", resource.place("restarts_with")})});
  expansion.set("restarts_with", std::move(digests));
}

Attributes ServiceComponent::realize(const Properties& wanted, const Record& record,
                                     Context& context) const {
  const std::string name = name_of(wanted);
  const bool running = flag(wanted, "running");
  Guest& guest = context.guest();
  const UnitState state = guest.unit(name);
  if (!state.known)
    throw Error(ErrorKind::NotFound,
                fmt::format("there is no unit '{}' on the node ({})", name, state.detail))
        .with_hint(
            "a package has to bring it, or a file item above: software is realized in the "
            "order written");
  if (!record.notes.contains(kBefore))
    context.note(kBefore, Value::Mapping{{"enabled", state.enabled}, {"active", state.active}});

  if (running && !state.active)
    context.progress("starting");
  bool started = set_unit(name, state, flag(wanted, "enabled"), running, guest);
  const Value digests = digests_of(wanted);
  const auto before = record.notes.find(kStartedWith);
  const bool has_read_others =
      !digests.is_null() && (before == record.notes.end() || before->second != digests);
  if (running && !started && has_read_others) {
    context.progress("restarting");
    guest.restart_unit(name);
    started = true;
  }
  if (running && has_read_others)
    context.note(kStartedWith, digests);
  const Value ready = ready_of(wanted);
  if (running && (ready.is_mapping() || started))
    wait_until_ready(name, ready, context);
  return {};
}

void ServiceComponent::ask(const Record& record, Questions& questions) const {
  questions.units.insert(name_of(record.properties));
}

std::optional<Properties> ServiceComponent::observe(const Record& record, Context& context) const {
  const UnitState state = context.guest().unit(name_of(record.properties));
  if (!state.known)
    return std::nullopt;
  Properties seen = record.properties;
  seen["enabled"] = state.enabled;
  seen["running"] = state.active;
  return seen;
}

void ServiceComponent::remove(const Record& record, Context& context) const {
  const auto before = record.notes.find(kBefore);
  if (before == record.notes.end())
    return;
  const std::string name = name_of(record.properties);
  const UnitState state = context.guest().unit(name);
  if (!state.known)
    return;  // It went with its package.
  set_unit(name, state, before->second.find("enabled")->boolean(),
           before->second.find("active")->boolean(), context.guest());
}

}  // namespace encamp
