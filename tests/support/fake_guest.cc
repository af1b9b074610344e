#include "tests/support/fake_guest.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "engine/world/local_package.h"

namespace encamp::test {
namespace {

std::string sha256(const std::string& bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string text;
  for (unsigned i = 0; i < length; ++i)
    text += fmt::format("{:02x}", digest[i]);
  return text;
}

std::string name_of(const std::string& package) {
  return package.substr(0, package.find('='));
}

// systemd's short form: `nginx` is `nginx.service`.
std::string unit_name(const std::string& name) {
  return name.ends_with(".service") ? name.substr(0, name.size() - 8) : name;
}

// The version that is offered in kLocalPackages, of each package that is installed.
void take_offered(FakeMachine& machine) {
  for (const auto& [path, file] : machine.files) {
    if (!path.starts_with(kLocalPackages) || !path.ends_with(".control"))
      continue;
    const auto installed = machine.packages.find(control_field(file.content, "Package"));
    if (installed != machine.packages.end())
      installed->second = control_field(file.content, "Version");
  }
}

void put_back(FakeMachine& machine, const auto& written) {
  if (written.second)
    machine.files[written.first] = *written.second;
  else
    machine.files.erase(written.first);
}

}  // namespace

void add_package(FakeMachine& machine, const std::string& package) {
  const std::string name = name_of(package);
  machine.packages[name] = name == package ? "1.0" : package.substr(name.size() + 1);
  machine.units.try_emplace(name);
  machine.units.try_emplace(name.substr(0, name.find('-')));
}

CommandResult FakeGuest::probe(const Command& command) {
  return faults_->call("probe", [&] {
    machine_->commands.push_back(command.text);
    return *shell_ ? (*shell_)(*machine_, command) : CommandResult{};
  });
}

CommandResult FakeGuest::run(const Receipt& receipt, const Command& command) {
  return faults_->call("run", [&] {
    if (const auto found = machine_->receipts.find(receipt.id); found != machine_->receipts.end())
      return found->second;
    machine_->commands.push_back(command.text);
    const CommandResult result = *shell_ ? (*shell_)(*machine_, command) : CommandResult{};
    machine_->receipts[receipt.id] = result;
    return result;
  });
}

std::optional<FileState> FakeGuest::find_file(const std::string& path) {
  return faults_->call("find_file", [&]() -> std::optional<FileState> {
    const auto found = machine_->files.find(path);
    if (found == machine_->files.end())
      return std::nullopt;
    const FileSpec& file = found->second;
    return FileState{file.kind,
                     file.owner,
                     file.group.empty() ? file.owner : file.group,
                     file.mode,
                     file.kind == FileKind::Directory ? "" : sha256(file.content),
                     file.kind == FileKind::Link ? file.content : std::string()};
  });
}

std::string FakeGuest::read_file(const std::string& path, std::size_t limit) {
  return faults_->call("read_file", [&] {
    const auto found = machine_->files.find(path);
    if (found == machine_->files.end())
      throw Error(ErrorKind::NotFound, fmt::format("there is no file '{}'", path));
    return found->second.content.substr(0, limit);
  });
}

void FakeGuest::write_file(const FileSpec& file) {
  faults_->call("write_file", [&] { machine_->files[file.path] = file; });
}

void FakeGuest::remove_file(const std::string& path) {
  faults_->call("remove_file", [&] { machine_->files.erase(path); });
}

void FakeGuest::rename_file(const std::string& from, const std::string& to) {
  faults_->call("rename_file", [&] {
    auto file = machine_->files.extract(from);
    if (file.empty())
      throw Error(ErrorKind::NotFound, fmt::format("there is no file '{}'", from));
    file.mapped().path = to;
    machine_->files.erase(to);
    file.key() = to;
    machine_->files.insert(std::move(file));
  });
}

void FakeGuest::copy_file(const std::string& from, const std::string& to) {
  faults_->call("copy_file", [&] {
    const auto found = machine_->files.find(from);
    if (found == machine_->files.end())
      throw Error(ErrorKind::NotFound, fmt::format("there is no file '{}'", from));
    FileSpec copy = found->second;
    copy.path = to;
    machine_->files[to] = copy;
  });
}

void FakeGuest::unpack(const std::string& path, const std::string& archive, int) {
  faults_->call("unpack", [&] {
    machine_->unpacked[path] = archive;
    machine_->files.try_emplace(path, FileSpec{.path = path, .kind = FileKind::Directory});
  });
}

void FakeGuest::remove_unpacked(const std::string& path) {
  faults_->call("remove_unpacked", [&] {
    if (machine_->unpacked.erase(path) > 0)
      machine_->files.erase(path);
  });
}

void FakeGuest::write_tree(const TreeSpec& tree) {
  faults_->call("write_tree", [&] {
    auto& written = machine_->trees[tree.path];
    std::set<std::string> wanted;
    for (const TreeSpec::File& file : tree.files)
      wanted.insert(tree.path + "/" + file.name);
    std::erase_if(written, [&](const auto& entry) {
      return !wanted.contains(entry.first) && (put_back(*machine_, entry), true);
    });
    for (const TreeSpec::File& file : tree.files) {
      const bool is_directory = file.kind == FileKind::Directory;
      const FileSpec spec{.path = tree.path + "/" + file.name,
                          .kind = file.kind,
                          .content = file.content,
                          .owner = tree.owner,
                          .group = tree.group,
                          .mode = is_directory ? tree.mode : file.mode};
      const auto there = machine_->files.find(spec.path);
      if (is_directory && there != machine_->files.end() && !written.contains(spec.path))
        continue;
      written.try_emplace(
          spec.path, there == machine_->files.end() ? std::nullopt : std::optional(there->second));
      machine_->files[spec.path] = spec;
    }
  });
}

void FakeGuest::remove_tree(const std::string& path) {
  faults_->call("remove_tree", [&] {
    const auto tree = machine_->trees.extract(path);
    if (tree.empty())
      return;
    for (const auto& entry : tree.mapped())
      put_back(*machine_, entry);
  });
}

std::optional<UserState> FakeGuest::find_user(const std::string& name) {
  return faults_->call("find_user", [&]() -> std::optional<UserState> {
    const auto found = machine_->users.find(name);
    return found == machine_->users.end() ? std::nullopt : std::optional(found->second);
  });
}

void FakeGuest::put_user(const UserSpec& spec) {
  faults_->call("put_user", [&] {
    const bool is_new = !machine_->users.contains(spec.name);
    UserState& user = machine_->users[spec.name];
    if (is_new) {
      user = {.uid = 1000 + static_cast<int>(machine_->users.size()),
              .gid = 1000,
              .home = "/home/" + spec.name,
              .shell = "/bin/sh",
              .groups = {}};
    }
    user.uid = spec.uid.value_or(user.uid);
    user.gid = spec.gid.value_or(user.gid);
    user.home = spec.home.empty() ? user.home : spec.home;
    user.shell = spec.shell.empty() ? user.shell : spec.shell;
    user.groups = spec.groups.value_or(user.groups);
    std::ranges::sort(user.groups);
  });
}

void FakeGuest::remove_user(const std::string& name) {
  faults_->call("remove_user", [&] { machine_->users.erase(name); });
}

std::optional<int> FakeGuest::find_group(const std::string& name) {
  return faults_->call("find_group", [&]() -> std::optional<int> {
    const auto found = machine_->groups.find(name);
    return found == machine_->groups.end() ? std::nullopt : std::optional(found->second);
  });
}

void FakeGuest::put_group(const std::string& name, std::optional<int> gid, bool) {
  faults_->call("put_group", [&] {
    const int free = 1000 + static_cast<int>(machine_->groups.size());
    machine_->groups[name] =
        gid.value_or(machine_->groups.contains(name) ? machine_->groups.at(name) : free);
  });
}

void FakeGuest::remove_group(const std::string& name) {
  faults_->call("remove_group", [&] { machine_->groups.erase(name); });
}

void FakeGuest::update_packages(Duration) {
  faults_->call("update_packages", [&] { ++machine_->index_updates; });
}

bool FakeGuest::listens(int port) {
  return faults_->call("listens", [&] {
    const auto found = machine_->ports.find(port);
    return found != machine_->ports.end() &&
           (found->second.empty() || machine_->units[found->second].active);
  });
}

int FakeGuest::http_status(const std::string& url) {
  return faults_->call("http_status", [&] {
    const auto found = machine_->pages.find(url);
    return found == machine_->pages.end() ? 0 : found->second;
  });
}

std::map<std::string, std::string> FakeGuest::installed(const std::vector<std::string>& packages) {
  return faults_->call("installed", [&] {
    std::map<std::string, std::string> found;
    for (const std::string& package : packages) {
      if (const auto entry = machine_->packages.find(package); entry != machine_->packages.end())
        found.insert(*entry);
    }
    return found;
  });
}

void FakeGuest::install(const std::vector<std::string>& packages, Duration) {
  faults_->call("install", [&] {
    for (const std::string& package : packages) {
      if (unknown_->contains(name_of(package)))
        throw Error(ErrorKind::Failed, fmt::format("cannot install '{}'", package))
            .with_detail(fmt::format("E: Unable to locate package {}", name_of(package)));
    }
    for (const std::string& package : packages)
      add_package(*machine_, package);
    take_offered(*machine_);
  });
}

void FakeGuest::uninstall(const std::vector<std::string>& packages, Duration) {
  faults_->call("uninstall", [&] {
    for (const std::string& package : packages) {
      machine_->packages.erase(name_of(package));
      machine_->units.erase(name_of(package));
    }
  });
}

UnitState FakeGuest::unit(const std::string& name) {
  return faults_->call("unit", [&] {
    const auto found = machine_->units.find(unit_name(name));
    if (found == machine_->units.end())
      return UnitState{};
    return UnitState{true, found->second.enabled, found->second.active,
                     found->second.active ? "active (running)" : "inactive (dead)"};
  });
}

FakeMachine::Unit& FakeGuest::known_unit(const std::string& name) {
  const auto found = machine_->units.find(unit_name(name));
  if (found == machine_->units.end())
    throw Error(ErrorKind::Failed, fmt::format("there is no unit '{}'", name));
  return found->second;
}

void FakeGuest::enable_unit(const std::string& name, bool enabled) {
  faults_->call("enable_unit", [&] { known_unit(name).enabled = enabled; });
}

void FakeGuest::start_unit(const std::string& name) {
  faults_->call("start_unit", [&] {
    FakeMachine::Unit& unit = known_unit(name);
    if (unit.breaks)
      throw Error(ErrorKind::Failed, fmt::format("unit '{}' failed", name))
          .with_detail("journal of " + name);
    unit.active = true;
  });
}

void FakeGuest::restart_unit(const std::string& name) {
  faults_->call("restart_unit", [&] {
    FakeMachine::Unit& unit = known_unit(name);
    unit.active = !unit.breaks;
    if (unit.breaks)
      throw Error(ErrorKind::Failed, fmt::format("unit '{}' failed", name))
          .with_detail("journal of " + name);
  });
}

void FakeGuest::stop_unit(const std::string& name) {
  faults_->call("stop_unit", [&] {
    const auto found = machine_->units.find(unit_name(name));
    if (found != machine_->units.end())
      found->second.active = false;
  });
}

std::string FakeGuest::unit_journal(const std::string& name, int) {
  return faults_->call("unit_journal", [&] { return "journal of " + name + "\n"; });
}

}  // namespace encamp::test
