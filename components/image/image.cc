#include "components/image/image.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "components/image/software.h"
#include "engine/mutant.h"
#include "engine/world/image_store.h"

namespace encamp {
namespace {

// Of the nodes that start from it (a baked image has them): properties of `repository` items.
std::vector<Repository> repositories_of(const Properties& properties) {
  std::vector<Repository> repositories;
  const auto found = properties.find("repositories");
  if (found == properties.end() || !found->second.is_list())
    return repositories;
  for (const Value& item : found->second.list()) {
    Properties one;
    for (const Value::Entry& entry : item.mapping())
      one[entry.key] = entry.value;
    repositories.push_back(repository_of(one));
  }
  return repositories;
}

Value software_of(const Properties& properties) {
  const auto found = properties.find("software");
  return found == properties.end() ? Value() : found->second;
}

ImageRecipe recipe_of(const Properties& properties) {
  const std::vector<std::string> named = texts_of(properties, "packages");
  const std::set<std::string> packages(named.begin(), named.end());
  return {.debian = text_of(properties, "debian"),
          .architecture = text_of(properties, "architecture"),
          .mirror = text_of(properties, "mirror"),
          .file = text_of(properties, "file"),
          .sha256 = text_of(properties, "sha256"),
          .packages = {packages.begin(), packages.end()},
          .repositories = repositories_of(properties),
          .prepare = texts_of(properties, "prepare"),
          .files = local_packages_of(properties),
          .site_packages = texts_of(properties, "site_packages")};
}

void ensure_pool(Host& host) {
  const auto is_there = [&] {
    const std::optional<PoolState> state = host.find_pool(image_pool());
    if (state && state->uuid != image_pool().uuid)
      throw Error(ErrorKind::Conflict,
                  fmt::format("storage pool '{}' is there and not encamp's", kImagePool));
    return state && state->active;
  };
  if (is_there())
    return;
  try {
    host.create_pool(image_pool());
  } catch (const Error&) {  // Another deployment may just have made it.
    if (!is_there())
      throw;
  }
}

// One image in the variant for one kind of node.
class Variant {
 public:
  Variant(const Properties& properties, const std::string& kind, Context& context)
      : recipe_(recipe_of(properties)),
        isolation_(kind == "machine" ? Isolation::Machine : Isolation::Container),
        context_(context) {
    context_.progress("looking for the image");
    named_packages_ = recipe_.packages;
    add_software(properties, context_, recipe_);
    key_ = context_.workshop().key(recipe_, isolation_);
  }

  void ensure() {
    std::unique_ptr<Workshop::Reservation> reservation;
    bool waiting = false;
    const auto is_free = [&] {
      if (is_complete())
        return true;
      reservation = context_.workshop().try_reserve(key_);
      if (!reservation && !std::exchange(waiting, true))
        context_.progress("waiting for another deployment that builds the image");
      return reservation != nullptr;
    };
    if (!context_.wait_until(is_free, context_.deadline(), std::chrono::milliseconds(100)))
      throw Error(ErrorKind::Timeout,
                  fmt::format("another deployment is still building image {}", key_));
    if (!is_complete())  // The other may have made it between the two looks.
      make();
  }

  Value attributes() const {
    Value::Mapping mapping{{"key", key_}, {"pool", kImagePool}};
    for (const std::string& part : image_parts(isolation_))
      mapping.push_back({part, image_volume(key_, part).name});
    return mapping;
  }

 private:
  bool is_complete() const {
    return is_there("complete") &&
           std::ranges::all_of(image_parts(isolation_),
                               [this](const std::string& part) { return is_there(part); });
  }

  bool is_there(const std::string& part) const {
    return context_.host().find_volume(image_volume(key_, part)).has_value();
  }

  void make() {
    Host& host = context_.host();
    const Clock::Instant begun = context_.clock().now();
    BuiltImage built = context_.workshop().build(
        recipe_, isolation_, [this](const std::string& text) { context_.progress(text); });
    wait_until(begun + context_.late_effects());
    if (is_complete())
      return;
    clear();
    context_.progress("uploading the image");
    host.create_volume(image_volume(key_, "root"), *built.root);
    if (isolation_ == Isolation::Machine) {
      host.create_volume(image_volume(key_, "kernel"), *built.kernel);
      host.create_volume(image_volume(key_, "initrd"), *built.initrd);
    }
    try {
      const auto now = std::chrono::duration_cast<std::chrono::seconds>(
          context_.clock().wall_time().time_since_epoch());
      const std::unique_ptr<Content> marker = make_marker(
          to_text({.recipe = labelled(), .isolation = isolation_, .made = now.count()}));
      host.create_volume(image_volume(key_, "complete"), *marker);
    } catch (const Error&) {  // Its being there is all that counts.
      if (!is_complete())
        throw;
    }
  }

  // As the row of an image that is just made says it (src/image_listing.cc).
  ImageRecipe labelled() const {
    ImageRecipe recipe = recipe_;
    recipe.packages = named_packages_;
    return recipe;
  }

  // Who had the reservation before us may have died with a call under way: a volume, the marker, or
  // the removal of what will be here. After `end` none of it comes any more.
  void wait_until(Clock::Instant end) {
    Clock& clock = context_.clock();
    if (end > clock.now() && !mutant("no-wait-for-image"))
      clock.sleep(end - clock.now(), context_.stop());
    if (context_.stop().stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
  }

  // Takes away what somebody left half made, the marker first.
  void clear() {
    std::vector<std::string> all = image_parts(isolation_);
    all.insert(all.begin(), "complete");
    for (const std::string& part : all) {
      if (is_there(part))
        context_.host().remove_volume(image_volume(key_, part));
    }
  }

  ImageRecipe recipe_;
  std::vector<std::string> named_packages_;  ///< Without those of its software.
  Isolation isolation_;
  Context& context_;
  std::string key_;
};

Schema image_schema() {
  const Type text{.kind = Type::Kind::Text};
  return {.component = "image",
          .section = "images",
          .about =
              "What the root of a node starts from: a Debian release with packages, or a file of "
              "this machine. Built once, shared by all sites of a host. Its `software`, any kind "
              "but `service`, is built into it.",
          .properties =
              {{.name = "debian",
                .type = text,
                .about = "Name of the Debian release, `bookworm` for example.",
                .pattern = "[a-z]+"},
               {.name = "file",
                .type = {.kind = Type::Kind::Source},
                .about = "Instead of a release: a root tarball, a raw or a qcow2 disk image.",
                .on_change = OnChange::Ignore},
               {.name = "sha256",
                .type = text,
                .about = "Of the file, which is checked; written with every `file`.",
                .pattern = "[0-9a-f]{64}"},
               {.name = "architecture",
                .type = text,
                .about = "Debian's name for it, `amd64` for example; by default this machine's."},
               {.name = "mirror",
                .type = text,
                .about = "URL that packages come from; by default what this machine's apt uses.",
                .pattern = "(https?|file)://[^ ]+"},
               {.name = "packages",
                .type = {.kind = Type::Kind::List, .item = {text}, .or_one = true},
                .about = "Installed in it, without the recommended ones."},
               {.name = "prepare",
                .type = {.kind = Type::Kind::List, .item = {text}},
                .about = "Scripts that are run in it before the packages are installed.",
                .chosen = true},
               {.name = "files",
                .type = {.kind = Type::Kind::List},
                .about = "Local packages that are taken instead of the mirror's.",
                .on_change = OnChange::Ignore,
                .chosen = true}},
          .attributes = {{.name = "container",
                          .type = {.kind = Type::Kind::Mapping, .item = {text}},
                          .about = "Key, pool and volumes of the variant for containers."},
                         {.name = "machine",
                          .type = {.kind = Type::Kind::Mapping, .item = {text}},
                          .about = "Key, pool and volumes of the variant for machines."}},
          .shared = true};
}

class Image : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  Change compare(const Properties& wanted, const Properties& recorded) const override {
    Change change = Component::compare(wanted, recorded);
    if (texts_of(wanted, "kinds") != texts_of(recorded, "kinds")) {
      change.reasons.emplace_back("for other kinds of nodes");
      if (change.kind == Change::Kind::Keep)
        change.kind = Change::Kind::Update;
    }
    if (software_of(wanted) != software_of(recorded)) {
      change.reasons.emplace_back("other software");
      if (change.kind == Change::Kind::Keep)
        change.kind = Change::Kind::Update;
    }
    if (repositories_of(wanted) != repositories_of(recorded)) {
      change.reasons.emplace_back("other repositories");
      if (change.kind == Change::Kind::Keep)
        change.kind = Change::Kind::Update;
    }
    return change;
  }

  Attributes realize(const Properties& wanted, const Record&, Context& context) const override {
    Attributes attributes;
    for (const std::string& kind : texts_of(wanted, "kinds")) {
      ensure_pool(context.host());
      Variant variant(wanted, kind, context);
      variant.ensure();
      attributes[kind] = variant.attributes();
    }
    return attributes;
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    for (const auto& [kind, parts] : record.attributes) {
      const Value* key = parts.find("key");
      if (key != nullptr && !context.host().find_volume(image_volume(key->text(), "complete")))
        return std::nullopt;
    }
    return record.properties;
  }

  /// An image belongs to no deployment: it stays.
  void remove(const Record&, Context&) const override {}

 private:
  const Schema schema_ = image_schema();
};

}  // namespace

std::unique_ptr<const Component> make_image_component() {
  return std::make_unique<Image>();
}

}  // namespace encamp
