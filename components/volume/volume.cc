#include "components/volume/volume.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "components/node/layout.h"
#include "engine/component/attempt.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr milliseconds kVolumePause{10};
constexpr minutes kSweeping{10};

Schema volume_schema() {
  const Type size{.kind = Type::Kind::Size};
  return {.component = "volume",
          .section = "volumes",
          .about =
              "Space that several nodes share, where their `mounts` say; it outlives them and "
              "goes with the site.",
          .properties = {{.name = "size",
                          .type = size,
                          .about = "Set aside on the host; nothing keeps containers from more.",
                          .required = true,
                          .least = Value(Bytes::mebi(1))}},
          .attributes = {
              {.name = "size", .type = size, .phase = Phase::Known, .about = "As described."}}};
}

// What a volume is on its host: a directory, and what empties it in the end. libvirt removes no
// directory with something in it, so a container mounts it, empties it and ends.
struct Layout {
  Layout(const Owner& owner, const std::string& deployment) {
    const std::string pool = "encamp." + deployment;
    const std::string name = last_name(owner.address);
    guest = {.kind = Claim::Kind::Guest,
             // No node has a dot in its name.
             .name = fmt::format("encamp.{}.volume.{}", deployment, name),
             .uuid = uuid_of(owner, "guest")};
    directory = {.kind = Claim::Kind::Volume,
                 .name = fmt::format("{}.{}.volume", name, owner.generation),
                 .uuid = "",
                 .pool = pool};
    // The path of a container's disk may have 63 bytes in all (docs/nodes.md).
    disk = {.kind = Claim::Kind::Volume,
            .name = fmt::format("sweep-{}.disk", guest.uuid.substr(0, 8)),
            .uuid = "",
            .pool = pool};
  }

  Claim directory;
  Claim guest;
  Claim disk;
};

class VolumeWork {
 public:
  explicit VolumeWork(Context& context)
      : context_(context),
        host_(context.host()),
        layout_(context.owner(), context.deployment()),
        id_(volume_of(layout_.directory)) {}

  Attributes realize() {
    if (!is_there())
      attempt(
          context_, [&] { host_.create_directory(id_); }, [&] { return is_there(); });
    return {{"place", Value::Mapping{{"pool", id_.pool}, {"name", id_.name}}}};
  }

  bool is_there() { return host_.find_volume(id_).has_value(); }

  void remove() {
    remove_sweeper();  // Of a run that was cut off.
    if (remove_if_empty())
      return;
    const std::string why = sweep();
    remove_sweeper();
    try {
      attempt(
          context_, [&] { host_.remove_volume(id_); }, [&] { return !is_there(); });
    } catch (Error& error) {
      if (!why.empty())
        error.with_detail(why);
      throw;
    }
  }

 private:
  bool remove_if_empty() {
    if (!is_there())
      return true;
    try {
      host_.remove_volume(id_);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::Interrupted)
        throw;
      if (may_come_late(error.kind()))
        context_.lost_answer();
    }
    return !is_there();
  }

  // Empties the directory; returns why that did not begin, as far as known.
  std::string sweep() {
    context_.progress("emptying it");
    const std::unique_ptr<Content> disk =
        context_.workshop().make_disk({.size = Bytes::mebi(64), .files = {}});
    host_.create_volume(volume_of(layout_.disk), *disk);
    const GuestSpec spec{.claim = layout_.guest,
                         .owner = context_.owner(),
                         .memory = Bytes::mebi(128),
                         .disk = volume_of(layout_.disk),
                         .shares = {{id_, "share1"}},
                         .sweeps = true};
    attempt(
        context_, [&] { host_.define_guest(spec); }, [&] { return find_guest().has_value(); });
    std::string why;
    try {
      host_.start_guest(layout_.guest);
    } catch (const Error& error) {  // What counts is whether the directory is empty then.
      if (error.kind() == ErrorKind::Interrupted)
        throw;
      if (may_come_late(error.kind()))
        context_.lost_answer();
      why = error.what();
    }
    const Clock::Instant deadline =
        std::min(context_.clock().now() + kSweeping, context_.deadline());
    if (!context_.wait_until([&] { return is_off(); }, deadline, kVolumePause))
      throw Error(ErrorKind::Timeout, fmt::format("volume '{}' is still not empty",
                                                  last_name(context_.owner().address)));
    return why;
  }

  // What has our name and not our owner is never touched.
  std::optional<GuestState> find_guest() {
    std::optional<GuestState> state = host_.find_guest(layout_.guest);
    if (state && state->owner != context_.owner())
      throw Error(
          ErrorKind::Conflict,
          fmt::format("guest '{}' is there and belongs to somebody else", layout_.guest.name));
    return state;
  }

  bool is_off() {
    const std::optional<GuestState> state = find_guest();
    return !state || state->power == GuestState::Power::Off;
  }

  void remove_sweeper() {
    if (find_guest()) {
      if (!is_off())
        attempt(
            context_, [&] { host_.destroy_guest(layout_.guest); }, [&] { return is_off(); });
      attempt(
          context_, [&] { host_.undefine_guest(layout_.guest); }, [&] { return !find_guest(); });
    }
    const VolumeId disk = volume_of(layout_.disk);
    attempt(
        context_, [&] { host_.remove_volume(disk); }, [&] { return !host_.find_volume(disk); });
  }

  Context& context_;
  Host& host_;
  Layout layout_;
  VolumeId id_;
};

class Volume : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  void expand(const Resource&, Expansion& expansion) const override {
    expansion.imply({.address = "storage", .component = "storage"}, "it lies there");
  }

  std::vector<Claim> claims(const Properties&, const Owner& owner,
                            const std::string& deployment) const override {
    const Layout layout(owner, deployment);
    return {layout.directory, layout.guest, layout.disk};
  }

  Attributes realize(const Properties&, const Record&, Context& context) const override {
    return VolumeWork(context).realize();
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    return VolumeWork(context).is_there() ? std::optional(record.properties) : std::nullopt;
  }

  void remove(const Record&, Context& context) const override { VolumeWork(context).remove(); }

 private:
  const Schema schema_ = volume_schema();
};

}  // namespace

std::unique_ptr<const Component> make_volume_component() {
  return std::make_unique<Volume>();
}

}  // namespace encamp
