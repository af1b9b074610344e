#include "components/package/package.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "components/node/baking.h"
#include "components/package/local_files.h"
#include "components/package/package_file.h"
#include "engine/mutant.h"
#include "engine/world/digest.h"
#include "engine/world/local_package.h"
#include "engine/world/printable.h"

namespace encamp {
namespace {

using Names = std::vector<std::string>;
using Versions = std::map<std::string, std::string>;

/// The note that names what goes with the item: what it asked for and was not there before it.
constexpr const char* kOurs = "ours";

Names names_in(const Value* value) {
  Names names;
  if (value == nullptr || !value->is_list())
    return names;
  for (const Value& name : value->list()) {
    if (name.is_text())
      names.push_back(name.text());
  }
  return names;
}

Names names_in(const Properties& properties, const std::string& key) {
  const auto found = properties.find(key);
  return names_in(found == properties.end() ? nullptr : &found->second);
}

std::string version_in(const Properties& properties) {
  const auto found = properties.find("version");
  return found == properties.end() ? "" : found->second.text();
}

/// Debian Policy, section 5.6.7, with an architecture.
bool is_package_name(const std::string& name) {
  const auto is_letter_or_digit = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  };
  return name.size() >= 2 && is_letter_or_digit(name[0]) && std::ranges::all_of(name, [&](char c) {
           return is_letter_or_digit(c) || c == '+' || c == '-' || c == '.' || c == ':';
         });
}

const Record* find_record(Context& context, const Address& address) {
  try {
    return &context.record(address);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::NotFound)
      return nullptr;
    throw;
  }
}

/// The record that a property of `record` refers to, or nullptr.
const Record* referred(const Record* record, const char* property, Context& context) {
  if (record == nullptr)
    return nullptr;
  const auto found = record->properties.find(property);
  if (found == record->properties.end() || !found->second.is_reference())
    return nullptr;
  return find_record(context, found->second.reference());
}

Names without(Names names, const Names& others) {
  std::erase_if(names,
                [&](const std::string& name) { return std::ranges::count(others, name) > 0; });
  return names;
}

/// What the item asked for when it was begun, and it never came to note what is its own: that may
/// have been baked into the image its node was made from. What the image itself names is not ours.
Names begun_with(const Record& record, Context& context) {
  if (record.notes.contains(kOurs))
    return {};
  const Record* node = find_record(context, Address(node_of(record.address)));
  if (node == nullptr)
    return {};
  const auto essence = node->properties.find("essence");
  const bool is_told = essence != node->properties.end() && essence->second.is_mapping();
  return without(names_in(record.properties, "names"),
                 names_in(is_told ? essence->second.find("packages") : nullptr));
}

/// Whether their rows were made together.
bool is_of_one_life(const Record& item, const Record& node) {
  const auto one = item.notes.find(kLifeNote);
  const auto other = node.notes.find(kLifeNote);
  return one != item.notes.end() && other != node.notes.end() && one->second == other->second;
}

/// The packages that were put into the node's image because its items ask for them: as much ours
/// as if they had been installed here. When that image is in the journal no more, because other
/// packages are asked for since, it is what the item was begun with together with its node.
Names baked_names(const Record& record, Context& context) {
  const Record* node = find_record(context, Address(node_of(record.address)));
  const Record* image = referred(node, "image", context);
  if (image == nullptr)
    return node != nullptr && is_of_one_life(record, *node) ? begun_with(record, context) : Names{};
  if (!image->properties.contains("base"))
    return {};
  const Record* base = referred(image, "base", context);
  return without(names_in(image->properties, "packages"),
                 base == nullptr ? Names{} : names_in(base->properties, "packages"));
}

/// What the node's other items ask for and count as theirs too, or will: it goes with the last of
/// them.
std::set<std::string> shared_names(Context& context) {
  std::set<std::string> shared;
  for (const Record& other : context.neighbours()) {
    const Names theirs =
        other.notes.contains(kOurs) ? names_in(other.notes, kOurs) : begun_with(other, context);
    for (const std::string& name : names_in(other.properties, "names")) {
      if (std::ranges::count(theirs, name) > 0)
        shared.insert(name);
    }
  }
  return shared;
}

void uninstall(Names names, Context& context) {
  const std::set<std::string> shared = shared_names(context);
  if (!mutant("shared-packages-go"))
    std::erase_if(names, [&](const std::string& name) { return shared.contains(name); });
  if (names.empty())
    return;
  context.progress(fmt::format("removing {}", fmt::join(names, ", ")));
  context.guest().uninstall(names, context.time_left());
}

/// What goes with the item, in order of name: what it noted before, and what it asks for now that
/// is missing, was baked in, or goes with another item.
Names ours(const Names& wanted, const Versions& installed, const Record& record, Context& context) {
  const Names noted = names_in(record.notes, kOurs);
  std::set<std::string> all(noted.begin(), noted.end());
  const Names baked = baked_names(record, context);
  const std::set<std::string> shared = shared_names(context);
  for (const std::string& name : wanted) {
    if (!installed.contains(name) || std::ranges::count(baked, name) > 0 || shared.contains(name))
      all.insert(name);
  }
  return Names(all.begin(), all.end());
}

void note_ours(const Names& names, const Record& record, Context& context) {
  if (record.notes.contains(kOurs) && names_in(record.notes, kOurs) == names)
    return;
  context.note(kOurs, Value::List(names.begin(), names.end()));
}

/// The digest is of all that a service may have to start anew for.
Attributes attributes_of(const Names& names, const std::vector<LocalPackage>& files,
                         const Versions& installed) {
  Value::Mapping versions;
  std::string all;
  for (const auto& [name, version] : installed) {
    if (std::ranges::count(names, name) == 0)
      continue;
    versions.push_back({name, version});
    all += fmt::format("{} {}\n", name, version);
  }
  for (const LocalPackage& file : files) {
    if (installed.contains(file.name))
      all += stem_of(file) + "\n";
  }
  return {{"versions", versions}, {"digest", sha256(all)}};
}

Names names_of(const std::vector<LocalPackage>& files) {
  Names names;
  for (const LocalPackage& file : files)
    names.push_back(file.name);
  return names;
}

Names joined(Names names, const Names& others) {
  names.insert(names.end(), others.begin(), others.end());
  return names;
}

/// Whether the node has one of them in another version.
bool is_stale(const std::vector<LocalPackage>& files, const Versions& installed) {
  return std::ranges::any_of(files, [&](const LocalPackage& file) {
    const auto found = installed.find(file.name);
    return found != installed.end() && found->second != file.version;
  });
}

std::vector<std::string> digests_of(const std::vector<LocalPackage>& files) {
  std::vector<std::string> digests;
  for (const LocalPackage& file : files)
    digests.push_back(file.digest);
  std::ranges::sort(digests);
  return digests;
}

std::string list_of(const std::vector<LocalPackage>& files) {
  Names texts;
  for (const LocalPackage& file : files)
    texts.push_back(about(file));
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

void install(const Names& names, Context& context) {
  try {
    context.guest().install(names, context.time_left());
  } catch (Error& error) {
    if (error.kind() == ErrorKind::NotFound)
      error.with_hint(
          fmt::format("look for its right name with: encamp ssh {} apt-cache search WORD",
                      last_name(node_of(context.owner().address))));
    throw;
  }
}

// What is in the image was prepared there.
void prepare(const Properties& wanted, Context& context) {
  const auto script = wanted.find("prepare");
  if (script == wanted.end() || !script->second.is_text())
    return;
  context.progress("preparing");
  const CommandResult result =
      context.guest().probe({.text = script->second.text(), .timeout = context.time_left()});
  if (result.exit != 0)
    throw Error(ErrorKind::Failed, fmt::format("what was to be done before {} ended with {}",
                                               context.owner().address, result.exit))
        .with_detail(last_lines(printable(result.output + result.errors), 15));
}

Value parse_file(const std::string& path, std::string_view bytes) {
  return to_value(read_package_file(path, bytes));
}

}  // namespace

const Schema& PackageComponent::schema() const {
  static const Schema schema{
      .component = "package",
      .section = "software",
      .about =
          "Debian packages, without those they recommend. Nothing they bring starts or is "
          "enabled before a service item says so.",
      .subject = "names",
      .properties = {{.name = "names",
                      .type = {.kind = Type::Kind::List,
                               .item = {{.kind = Type::Kind::Text}},
                               .or_one = true},
                      .about = "Name of a package, or a list of names; `[]` with `files` alone.",
                      .required = true},
                     {.name = "version",
                      .type = {.kind = Type::Kind::Text},
                      .about = "The version to install, as apt knows it. Without it, the one that "
                               "the package index offers."},
                     {.name = "files",
                      .type = {.kind = Type::Kind::List,
                               .item = {{.kind = Type::Kind::Parsed, .parse = parse_file}},
                               .or_one = true},
                      .about = "`.deb` files of this machine, each at most 16 MiB. Of them the "
                               "node takes those that it installs anyway, by name or because "
                               "another package needs them, instead of the repositories'."},
                     {.name = "architecture",
                      .type = {.kind = Type::Kind::Text},
                      .about = "Of the node, where there are files.",
                      .on_change = OnChange::Ignore,
                      .chosen = true},
                     {.name = "prepare",
                      .type = {.kind = Type::Kind::Text},
                      .about = "A script that root runs before the packages are unpacked, in the "
                               "image or on the node. It may be run again.",
                      .on_change = OnChange::Ignore}},
      .attributes = {{.name = "versions",
                      .type = {.kind = Type::Kind::Mapping, .item = {{.kind = Type::Kind::Text}}},
                      .phase = Phase::Late,
                      .about = "The installed version of each."},
                     {.name = "digest",
                      .type = {.kind = Type::Kind::Text},
                      .phase = Phase::Late,
                      .about = "SHA-256 of these, and of the files that the node has taken."}}};
  return schema;
}

void PackageComponent::expand(const Resource& resource, Expansion& expansion) const {
  if (local_packages_of(resource.properties).empty())
    return;
  const Resource* node = expansion.site().find(resource.node);
  const Resource* image = node == nullptr ? nullptr : image_of(*node, expansion.site());
  const std::string said = image == nullptr ? "" : text_of(image->properties, "architecture");
  expansion.set("architecture", said.empty() ? own_architecture_name() : said);
}

void PackageComponent::check(const Resource& resource, Diagnostics& diagnostics) const {
  check_files(resource, diagnostics);
  const auto subject = resource.properties.find("names");
  if (subject != resource.properties.end() && subject->second == Value(Value::List()) &&
      !resource.properties.contains("files"))
    diagnostics.add({.code = "package-name",
                     .summary = "this item names no package",
                     .where = resource.place("names"),
                     .hint = "without names it has 'files'"});
  for (const std::string& name : names_in(resource.properties, "names")) {
    if (!is_package_name(name))
      diagnostics.add({.code = "package-name",
                       .summary = fmt::format("'{}' is no name of a package", name),
                       .where = resource.place("names"),
                       .hint = "a version has a key of its own: 'version: ...'"});
  }
}

Attributes PackageComponent::realize(const Properties& wanted, const Record& record,
                                     Context& context) const {
  const Names names = names_in(wanted, "names");
  const std::string version = version_in(wanted);
  Guest& guest = context.guest();
  const Names before = without(begun_with(record, context), names);
  const std::vector<LocalPackage> files = local_packages_of(wanted);
  const Names local = concerned_packages(files, record);
  Versions installed = guest.installed(joined(joined(names, before), local));

  Names all = ours(names, installed, record, context);
  for (const std::string& name : before) {
    if (installed.erase(name) > 0)
      all.push_back(name);
  }
  note_ours(all, record, context);

  Names missing;
  for (const std::string& name : names) {
    const auto found = installed.find(name);
    if (found == installed.end() || (!version.empty() && found->second != version))
      missing.push_back(version.empty() ? name : name + "=" + version);
  }
  const bool are_others = offer_files(files, record, context);
  if (!missing.empty())
    prepare(wanted, context);
  const bool are_here =
      std::ranges::any_of(local, [&](const std::string& name) { return installed.contains(name); });
  if (!missing.empty() || (are_others && are_here) || is_stale(files, installed)) {
    context.progress(missing.empty() ? "taking packages of this machine"
                                     : fmt::format("installing {}", fmt::join(missing, ", ")));
    install(missing, context);
    installed = guest.installed(joined(names, names_of(files)));
  }
  if (are_others)
    note_settled(files, record, context);

  Names dropped = all;
  std::erase_if(dropped,
                [&](const std::string& name) { return std::ranges::count(names, name) > 0; });
  if (!dropped.empty()) {
    uninstall(dropped, context);
    Names left = all;
    std::erase_if(left,
                  [&](const std::string& name) { return std::ranges::count(names, name) == 0; });
    context.note(kOurs, Value::List(left.begin(), left.end()));
  }
  return attributes_of(names, files, installed);
}

void PackageComponent::ask(const Record& record, Questions& questions) const {
  const Names names = names_in(record.properties, "names");
  questions.packages.insert(names.begin(), names.end());
  for (const LocalPackage& file : local_packages_of(record.properties))
    questions.packages.insert(file.name);
}

std::optional<Properties> PackageComponent::observe(const Record& record, Context& context) const {
  const Names names = names_in(record.properties, "names");
  const std::vector<LocalPackage> files = local_packages_of(record.properties);
  const Versions installed = context.guest().installed(joined(names, names_of(files)));
  if (installed.empty() && !names.empty())
    return std::nullopt;
  Properties seen = record.properties;
  if (!files.empty()) {
    Value::List taken;
    for (const LocalPackage& file : files) {
      if (!is_stale({file}, installed))
        taken.push_back(to_value(file));
    }
    seen["files"] = std::move(taken);
  }
  Value::List there;
  for (const std::string& name : names) {
    if (installed.contains(name))
      there.emplace_back(name);
  }
  seen["names"] = there;
  if (seen.contains("version"))
    seen["version"] = installed.contains(names.front()) ? installed.at(names.front()) : "";
  return seen;
}

void PackageComponent::remove(const Record& record, Context& context) const {
  Names names = names_in(record.notes, kOurs);
  if (const Names before = begun_with(record, context); !before.empty()) {
    for (const auto& [name, version] : context.guest().installed(before))
      names.push_back(name);
  }
  uninstall(names, context);
  if (withdraw_files(record, context))
    install({}, context);
}

// Of files only what is in them counts, not where they lie.
Change PackageComponent::compare(const Properties& wanted, const Properties& recorded) const {
  Properties now = wanted;
  Properties then = recorded;
  now.erase("files");
  then.erase("files");
  Change change = Component::compare(now, then);
  const std::vector<LocalPackage> files = local_packages_of(wanted);
  const std::vector<LocalPackage> before = local_packages_of(recorded);
  if (digests_of(files) == digests_of(before))
    return change;
  change.reasons.push_back(fmt::format("files: {} -> {}{}", list_of(before),
                                       list_of(files) == list_of(before) ? "another " : "",
                                       list_of(files)));
  if (change.kind == Change::Kind::Keep)
    change.kind = Change::Kind::Update;
  return change;
}

}  // namespace encamp
