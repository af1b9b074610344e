#include "components/network/network.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/component/attempt.h"

namespace encamp {
namespace {

constexpr std::chrono::milliseconds kNetworkPause{50};
constexpr std::chrono::seconds kGone{30};  // Taking a network away takes 0.2 s on an idle host.

Schema network_schema() {
  const Type text{.kind = Type::Kind::Text};
  const Type subnet{.kind = Type::Kind::Subnet};
  return {
      .component = "network",
      .section = "networks",
      .about =
          "A network of the site's own. Its nodes know each other by name, and the host "
          "answers for them.",
      .properties = {{.name = "subnet",
                      .type = subnet,
                      .about = "`auto`, or one that is free on the host, `10.0.0.0/24`. It stays, "
                               "so give one to a site that shall outgrow a /24.",
                      .on_change = OnChange::Replace},
                     {.name = "forward",
                      .type = text,
                      .about = "`nat`: nodes reach what the host reaches; `isolated`: only each "
                               "other and the host.",
                      .fallback = Value("nat"),
                      .on_change = OnChange::Replace,
                      .one_of = {"nat", "isolated"}}},
      .attributes = {{.name = "subnet",
                      .type = subnet,
                      .phase = Phase::Chosen,
                      .about = "The subnet that it has."},
                     {.name = "gateway",
                      .type = {.kind = Type::Kind::Ip},
                      .phase = Phase::Chosen,
                      .about = "The host's address in it, which answers DNS."}}};
}

/// Sorted: their order means nothing, and a host gives them in its own.
std::vector<HostName> names_of(const Properties& properties) {
  std::vector<HostName> names;
  if (const auto found = properties.find("names"); found != properties.end())
    for (const Value& entry : found->second.list()) {
      HostName& name = names.emplace_back();
      name.address = entry.find("address")->text();
      for (const Value& each : entry.find("names")->list())
        name.names.push_back(each.text());
    }
  std::ranges::sort(names, {}, &HostName::address);
  return names;
}

Value value_of(const std::vector<HostName>& names) {
  Value::List list;
  for (const HostName& name : names)
    list.push_back(Value::Mapping{{"address", name.address},
                                  {"names", Value::List(name.names.begin(), name.names.end())}});
  return list;
}

Claim claim_of(const Address& address, const Owner& owner, const std::string& deployment) {
  return {.kind = Claim::Kind::Network,
          .name = fmt::format("encamp.{}.{}", deployment, last_name(address)),
          .uuid = uuid_of(owner, "network")};
}

/// What a claim finds, as far as it is ours. Something else under our name is Error(Conflict).
std::optional<NetworkState> find_ours(Host& host, const Claim& claim, const Owner& owner) {
  std::optional<NetworkState> state = host.find_network(claim);
  if (state && (state->owner != owner || state->uuid != claim.uuid))
    throw Error(ErrorKind::Conflict,
                fmt::format("network '{}' is there and belongs to {}", claim.name,
                            state->owner ? "another deployment" : "somebody else"))
        .with_hint("give the deployment another name: --name");
  return state;
}

bool is_well(const std::optional<NetworkState>& state) {
  return state && state->active && state->healthy;
}

class Network : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  std::vector<Claim> claims(const Properties&, const Owner& owner,
                            const std::string& deployment) const override {
    return {claim_of(owner.address, owner, deployment)};
  }

  // Besides what is written: what bind chose, and whether it works.
  Change compare(const Properties& wanted, const Properties& recorded) const override {
    Change change = Component::compare(wanted, recorded);
    const auto domain = wanted.find("domain");
    const auto recorded_domain = recorded.find("domain");
    if (domain != wanted.end() && recorded_domain != recorded.end() &&
        domain->second != recorded_domain->second) {
      change.kind = Change::Kind::Replace;
      change.reasons.push_back(
          fmt::format("domain: {} -> {}", recorded_domain->second.text(), domain->second.text()));
    }
    if (names_of(wanted) != names_of(recorded))
      update(change, "other nodes or addresses");
    if (recorded.contains("broken"))
      update(change, text_of(recorded, "broken"));
    return change;
  }

  Attributes realize(const Properties& wanted, const Record&, Context& context) const override {
    const Owner& owner = context.owner();
    Host& host = context.host();
    const NetworkSpec spec{
        .claim = claim_of(owner.address, owner, context.deployment()),
        .owner = owner,
        .bridge = text_of(wanted, "bridge"),
        .domain = text_of(wanted, "domain"),
        .subnet = text_of(wanted, "subnet"),
        .gateway = text_of(wanted, "gateway"),
        .nat = !wanted.contains("forward") || text_of(wanted, "forward") == "nat",
        .names = names_of(wanted)};
    const auto find = [&] { return find_ours(host, spec.claim, owner); };
    if (!is_well(find()))
      attempt(
          context, [&] { host.create_network(spec); }, [&] { return is_well(find()); });
    const std::optional<NetworkState> state = find();
    if (!is_well(state))
      throw Error(ErrorKind::Failed, fmt::format("network '{}' was made and {}", spec.claim.name,
                                                 !state           ? "is gone again"
                                                 : !state->active ? "does not run"
                                                                  : "answers no DNS"))
          .with_hint("encamp doctor");
    const auto has_names = [&](const std::optional<NetworkState>& now) {
      if (!now)
        return false;
      std::vector<HostName> names = now->names;
      std::ranges::sort(names, {}, &HostName::address);
      return names == spec.names;
    };
    if (!has_names(state))
      attempt(
          context, [&] { host.set_network_names(spec.claim, spec.names); },
          [&] { return has_names(find()); });
    return {};
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    if (record.claims.empty())
      return std::nullopt;
    const std::optional<NetworkState> state = context.host().find_network(record.claims.front());
    if (!state || state->uuid != record.claims.front().uuid)
      return std::nullopt;
    Properties seen = record.properties;
    seen["names"] = value_of(state->names);
    if (!is_well(state))
      seen["broken"] = state->active ? "its DNS server is gone" : "is not active";
    return seen;
  }

  void remove(const Record& record, Context& context) const override {
    Host& host = context.host();
    for (const Claim& claim : record.claims) {
      const auto is_gone = [&] {
        const std::optional<NetworkState> state = host.find_network(claim);
        return !state || state->uuid != claim.uuid;  // Another of the name is not ours.
      };
      if (!is_gone())
        find_ours(host, claim, context.owner());
      // Also when there is none: a killed libvirtd may have left its bridge.
      attempt(
          context, [&] { host.remove_network(claim); }, is_gone);
      const Clock::Instant deadline = std::min(context.clock().now() + kGone, context.deadline());
      if (!context.wait_until(is_gone, deadline, kNetworkPause))
        throw Error(ErrorKind::Timeout, fmt::format("network '{}' does not go away", claim.name));
    }
  }

 private:
  static void update(Change& change, std::string reason) {
    if (change.kind == Change::Kind::Keep)
      change.kind = Change::Kind::Update;
    change.reasons.push_back(std::move(reason));
  }

  Schema schema_ = network_schema();
};

}  // namespace

std::unique_ptr<const Component> make_network_component() {
  return std::make_unique<Network>();
}

}  // namespace encamp
