#include "components/package/local_files.h"

#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/world/digest.h"

namespace encamp {
namespace {

using Stems = std::set<std::string>;

/// The note on what the item offers, or has begun to or has not ended to: stems. And on what it
/// offered when packages were last installed.
constexpr const char* kOffers = "offers";
constexpr const char* kSettled = "settled";

Stems stems_in(const Record& item, const char* note) {
  Stems stems;
  const auto found = item.notes.find(note);
  if (found != item.notes.end() && found->second.is_list()) {
    for (const Value& stem : found->second.list())
      stems.insert(stem.text());
  }
  return stems;
}

std::string path_of(const std::string& name) {
  return fmt::format("{}/{}", kLocalPackages, name);
}

bool has_file(Guest& guest, const std::string& path, const std::string& digest) {
  const std::optional<FileState> state = guest.find_file(path);
  return state && state->kind == FileKind::Regular && state->digest == digest;
}

void put(Guest& guest, const std::string& name, std::string content) {
  guest.write_file({.path = path_of(name), .content = std::move(content)});
}

Stems stems_of(const std::vector<LocalPackage>& files) {
  Stems stems;
  for (const LocalPackage& file : files)
    stems.insert(stem_of(file));
  return stems;
}

void note(const char* name, const Stems& stems, Context& context) {
  context.note(name, Value::List(stems.begin(), stems.end()));
}

// The control file comes last: by it apt knows of the package.
void offer(const LocalPackage& file, Context& context) {
  Guest& guest = context.guest();
  const std::string stem = stem_of(file);
  const std::string control = to_control(file);
  if (has_file(guest, path_of(stem + ".control"), sha256(control)) &&
      has_file(guest, path_of(stem + ".deb"), file.digest))
    return;
  context.progress(fmt::format("uploading {}", about(file)));
  std::string bytes = context.workshop().read(file.path);
  if (sha256(bytes) != file.digest)
    throw Error(ErrorKind::Conflict, fmt::format("'{}' has changed since it was read", file.path))
        .with_hint("do the same again");
  put(guest, stem + ".deb", std::move(bytes));
  put(guest, stem + ".control", control);
}

// Returns whether there was anything to take away.
bool withdraw(Stems stems, Context& context) {
  for (const Record& other : context.neighbours()) {
    for (const std::string& stem : stems_in(other, kOffers))
      stems.erase(stem);
  }
  for (const std::string& stem : stems) {
    context.guest().remove_file(path_of(stem + ".control"));
    context.guest().remove_file(path_of(stem + ".deb"));
  }
  return !stems.empty();
}

}  // namespace

void check_files(const Resource& item, Diagnostics& diagnostics) {
  const auto architecture = item.properties.find("architecture");
  std::map<std::string, std::string> paths;
  for (const LocalPackage& file : local_packages_of(item.properties)) {
    if (architecture != item.properties.end() && file.architecture != "all" &&
        file.architecture != architecture->second.text())
      diagnostics.add({.code = "package-architecture",
                       .summary = fmt::format("'{}' is for {}, and node '{}' is {}", file.path,
                                              file.architecture, last_name(item.node),
                                              architecture->second.text()),
                       .where = item.place("files")});
    const auto [other, is_new] = paths.emplace(file.name, file.path);
    if (!is_new)
      diagnostics.add({.code = "package-twice",
                       .summary = fmt::format("'{}' and '{}' are both package '{}'", other->second,
                                              file.path, file.name),
                       .where = item.place("files"),
                       .hint = "leave one of them out"});
  }
}

bool offer_files(const std::vector<LocalPackage>& files, const Record& item, Context& context) {
  const Stems before = stems_in(item, kOffers);
  const Stems wanted = stems_of(files);
  if (wanted.empty() && before.empty())
    return false;
  Stems all = before;
  all.insert(wanted.begin(), wanted.end());
  if (all != before)
    note(kOffers, all, context);

  Guest& guest = context.guest();
  const std::string script(local_package_script());
  if (!has_file(guest, path_of("apply"), sha256(script)))
    put(guest, "apply", script);
  for (const LocalPackage& file : files)
    offer(file, context);
  Stems others = before;
  for (const std::string& stem : wanted)
    others.erase(stem);
  withdraw(others, context);
  return before != wanted || stems_in(item, kSettled) != wanted;
}

void note_settled(const std::vector<LocalPackage>& files, const Record& item, Context& context) {
  const Stems wanted = stems_of(files);
  if (stems_in(item, kSettled) != wanted)
    note(kSettled, wanted, context);
  if (stems_in(item, kOffers) != wanted)
    note(kOffers, wanted, context);
}

std::vector<std::string> concerned_packages(const std::vector<LocalPackage>& files,
                                            const Record& item) {
  Stems stems = stems_of(files);
  stems.merge(stems_in(item, kOffers));
  std::vector<std::string> names;
  for (const std::string& stem : stems)
    names.push_back(stem.substr(0, stem.find('_')));
  return names;
}

bool withdraw_files(const Record& item, Context& context) {
  return withdraw(stems_in(item, kOffers), context);
}

}  // namespace encamp
