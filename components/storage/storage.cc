#include "components/storage/storage.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/component/attempt.h"

namespace encamp {
namespace {

constexpr std::chrono::milliseconds kPoolPause{50};
constexpr std::chrono::seconds kGone{30};

Schema pool_schema() {
  return {.component = "storage",
          .about = "Where the disks of a deployment's nodes lie on their host; implied by nodes."};
}

Claim claim_of(const Owner& owner, const std::string& deployment) {
  return {
      .kind = Claim::Kind::Pool, .name = "encamp." + deployment, .uuid = uuid_of(owner, "pool")};
}

/// A pool carries no owner but its UUID, which follows from ours. Another one of our name is
/// Error(Conflict).
std::optional<PoolState> find_ours(Host& host, const Claim& claim) {
  std::optional<PoolState> state = host.find_pool(claim);
  if (state && state->uuid != claim.uuid)
    throw Error(ErrorKind::Conflict,
                fmt::format("storage pool '{}' is there and belongs to somebody else", claim.name))
        .with_hint("give the deployment another name: --name");
  return state;
}

bool is_made_by_encamp(const std::string& volume) {
  return volume.ends_with(".disk") || volume.ends_with(".console") || volume.ends_with(".volume");
}

class Storage : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  std::vector<Claim> claims(const Properties&, const Owner& owner,
                            const std::string& deployment) const override {
    return {claim_of(owner, deployment)};
  }

  Attributes realize(const Properties&, const Record&, Context& context) const override {
    Host& host = context.host();
    const Claim claim = claim_of(context.owner(), context.deployment());
    const auto is_well = [&] {
      const std::optional<PoolState> state = find_ours(host, claim);
      return state && state->active;
    };
    if (!is_well())
      attempt(
          context, [&] { host.create_pool(claim); }, is_well);
    if (!is_well())
      throw Error(ErrorKind::Failed,
                  fmt::format("storage pool '{}' was made and is gone again", claim.name));
    return {};
  }

  // An inactive one is started at its first use.
  std::optional<Properties> observe(const Record& record, Context& context) const override {
    if (record.claims.empty())
      return std::nullopt;
    const std::optional<PoolState> state = context.host().find_pool(record.claims.front());
    if (!state || state->uuid != record.claims.front().uuid)
      return std::nullopt;
    return record.properties;
  }

  void remove(const Record& record, Context& context) const override {
    for (const Claim& claim : record.claims)
      remove_pool(claim, context);
  }

 private:
  static void remove_pool(const Claim& claim, Context& context) {
    Host& host = context.host();
    const auto find = [&] {
      std::optional<PoolState> state = host.find_pool(claim);
      return state && state->uuid == claim.uuid ? state : std::nullopt;
    };
    const auto is_gone = [&] { return !find(); };
    if (const std::optional<PoolState> state = find())
      empty(context, claim, *state);
    attempt(
        context, [&] { host.remove_pool(claim); }, is_gone);
    const Clock::Instant deadline = std::min(context.clock().now() + kGone, context.deadline());
    if (!context.wait_until(is_gone, deadline, kPoolPause))
      throw Error(ErrorKind::Timeout,
                  fmt::format("storage pool '{}' does not go away", claim.name));
  }

  // Nodes and volumes have taken theirs away; what is there was made late, by a call that outlived
  // its caller.
  static void empty(Context& context, const Claim& claim, const PoolState& state) {
    Host& host = context.host();
    for (const std::string& volume : state.volumes) {
      if (!is_made_by_encamp(volume))
        throw Error(ErrorKind::Conflict,
                    fmt::format("volume '{}/{}' was not made by encamp", claim.name, volume))
            .with_hint(fmt::format("virsh vol-delete --pool {} {}", claim.name, volume));
      const VolumeId id{.pool = claim.name, .name = volume};
      attempt(
          context, [&] { host.remove_volume(id); }, [&] { return !host.find_volume(id); });
    }
  }

  Schema schema_ = pool_schema();
};

}  // namespace

std::unique_ptr<const Component> make_storage_component() {
  return std::make_unique<Storage>();
}

}  // namespace encamp
