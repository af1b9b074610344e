#include "tests/simulation/random_site.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace encamp::simulation {
namespace {

constexpr const char* kNames[] = {"a", "b", "c", "d"};

}  // namespace

RandomSite::RandomSite(Chance& chance, Kind kind) : kind_(kind) {
  two_networks_ = chance.is(30);
  const int count = std::min(chance.between(1, 4), chance.between(1, 4));
  for (int i = 0; i < count; ++i) {
    Node node{.name = kNames[i],
              .machine = chance.is(15),
              .two_networks = two_networks_ && chance.is(50)};
    node.mounts = kind_ == Kind::Wide && chance.is(30);
    for (int need = 0; need < i; ++need) {
      if (chance.is(15))
        node.needs.push_back(fmt::format("nodes.{}", kNames[need]));
    }
    nodes_.push_back(std::move(node));
    for (int items = chance.between(0, 4); items > 0; --items)
      nodes_.back().items.push_back(make_item(chance, nodes_.size() - 1));
  }
}

// Needs go to earlier nodes only, so there are no cycles.
RandomSite::Item RandomSite::make_item(Chance& chance, std::size_t node) {
  constexpr const char* kKinds[] = {"command", "command",   "command", "file",      "package",
                                    "service", "secret",    "secret",  "user",      "group",
                                    "archive", "directory", "file",    "repository"};
  constexpr std::size_t kPlain = 6;
  Item item{.name = fmt::format("i{}", ++made_),
            .kind = kKinds[chance.below(kind_ == Kind::Wide ? std::size(kKinds) : kPlain)],
            .flaky = chance.is(10),
            .creates = chance.is(20),
            .undo = chance.is(40),
            .reads = chance.is(50)};
  for (std::size_t other = 0; other < node; ++other) {
    for (const Item& needed : nodes_[other].items) {
      if (chance.is(20))
        item.needs.push_back(fmt::format("nodes.{}.software.{}", kNames[other], needed.name));
    }
    if (chance.is(10))
      item.needs.push_back(fmt::format("nodes.{}", kNames[other]));
  }
  return item;
}

void RandomSite::change(Chance& chance) {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    Node& node = nodes_[i];
    if (chance.is(20))
      node.is_there = !node.is_there;
    if (chance.is(15))
      node.memory = node.memory == 128 ? 256 : 128;
    if (chance.is(10))
      node.two_networks = two_networks_ && !node.two_networks;
    if (chance.is(10))
      node.machine = !node.machine;
    if (kind_ == Kind::Wide && chance.is(10))
      node.mounts = !node.mounts;
    std::erase_if(node.items, [&](const Item&) { return chance.is(15); });
    for (Item& item : node.items)
      item.version += chance.is(20) ? 1 : 0;
    if (chance.is(20))
      node.items.push_back(make_item(chance, i));
  }
  if (kind_ == Kind::Wide && chance.is(10))
    secret_bytes_ = secret_bytes_ == 16 ? 24 : 16;
  if (std::ranges::none_of(nodes_, &Node::is_there))
    nodes_.front().is_there = true;
}

bool RandomSite::is_there(const std::string& address) const {
  for (const Node& node : nodes_) {
    const std::string own = "nodes." + node.name;
    if (!node.is_there)
      continue;
    if (address == own)
      return true;
    for (const Item& item : node.items) {
      if (address == own + ".software." + item.name)
        return true;
    }
  }
  return false;
}

const RandomSite::Item* RandomSite::find(const std::string& address) const {
  for (const Node& node : nodes_) {
    for (const Item& item : node.items) {
      if (node.is_there && address == fmt::format("nodes.{}.software.{}", node.name, item.name))
        return &item;
    }
  }
  return nullptr;
}

int RandomSite::flaky_commands() const {
  int count = 0;
  for (const Node& node : nodes_)
    count += static_cast<int>(std::ranges::count(node.items, true, &Item::flaky));
  return count;
}

std::string RandomSite::command_of(const std::string& address, const Item& item) const {
  return fmt::format("do {} v{}{}{}", address, item.version, item.flaky ? " flaky" : "",
                     item.creates ? fmt::format(" > /srv/{}", item.name) : "");
}

// A command with 'creates' may not have run, and says nothing then.
std::string RandomSite::source_of(const Item& file) const {
  for (const std::string& need : file.needs) {
    const Item* item = find(need);
    if (file.reads && item != nullptr && item->kind == "command" && !item->creates)
      return need;
  }
  return {};
}

std::map<std::string, std::string> RandomSite::archives() {
  std::map<std::string, std::string> all;
  for (int version = 1; version < 10; ++version)
    all[fmt::format("/site/v{}.tar", version)] = fmt::format("archive {}", version);
  return all;
}

std::map<std::string, FileSpec> RandomSite::originals() {
  std::map<std::string, FileSpec> all;
  for (const char* path : {"/etc/i2", "/etc/i5", "/etc/i8"})
    all[path] = {.path = path, .content = "original"};
  return all;
}

std::vector<RandomSite::Inside> RandomSite::insides(const std::string& secret) const {
  std::vector<Inside> insides;
  for (const Node& node : nodes_) {
    if (!node.is_there)
      continue;
    Inside& inside = insides.emplace_back();
    inside.node = node.name;
    for (const Item& item : node.items) {
      if (item.kind == "command" && item.creates) {
        inside.products.insert("/srv/" + item.name);
      } else if (item.kind == "file") {
        const std::string source = source_of(item);
        inside.files["/etc/" + item.name] =
            source.empty() ? fmt::format("v{}", item.version) : command_of(source, *find(source));
      } else if (item.kind == "secret") {
        inside.files["/etc/" + item.name] = fmt::format("v{} {}", item.version, secret);
      } else if (item.kind == "directory") {
        inside.directories["/var/" + item.name] = item.version % 2 == 0 ? 0700 : 0755;
      } else if (item.kind == "user") {
        inside.users["u" + item.name] = fmt::format("/bin/v{}", item.version);
      } else if (item.kind == "group") {
        inside.groups["g" + item.name] = 2000 + item.version;
      } else if (item.kind == "archive") {
        inside.archives["/opt/" + item.name] = fmt::format("archive {}", item.version);
      } else if (item.kind == "repository") {
        inside.files[fmt::format("/etc/apt/sources.list.d/encamp-{}.sources", item.name)] =
            fmt::format("Types: deb\nURIs: http://v{}.test\nSuites: x/\n", item.version);
      } else if (item.kind == "package") {
        inside.packages.insert(fmt::format("p{}", item.version));
      } else if (item.kind == "service") {
        inside.packages.insert("s" + item.name);
        inside.services["s" + item.name] = item.version % 2 == 0;
      }
    }
  }
  return insides;
}

std::string RandomSite::Inside::what_differs(const test::FakeMachine& machine,
                                             const std::set<std::string>& ours) const {
  for (const auto& [path, content] : files) {
    const auto found = machine.files.find(path);
    if (found == machine.files.end())
      return path + " is not there";
    if (found->second.content != content)
      return fmt::format("{} has '{}' instead of '{}'", path, found->second.content, content);
  }
  for (const std::string& product : products) {
    if (!machine.files.contains(product))
      return product + " is not there";
  }
  const std::map<std::string, FileSpec> before = originals();
  for (const auto& [path, file] : machine.files) {
    const bool is_ours =
        path.starts_with("/etc/i") || path.starts_with("/etc/apt/") || path.starts_with("/var/i");
    if (!is_ours || files.contains(path) || directories.contains(path))
      continue;
    const auto original = before.find(path);
    if (original == before.end())
      return path + " is there and nobody wants it";
    if (file.content != original->second.content)
      return fmt::format("{} has '{}' and not what it had before", path, file.content);
  }
  for (const auto& [path, mode] : directories) {
    const auto found = machine.files.find(path);
    if (found == machine.files.end() || found->second.kind != FileKind::Directory ||
        found->second.mode != mode)
      return fmt::format("directory {} is not as it should be", path);
  }
  for (const auto& [user, shell] : users) {
    const auto found = machine.users.find(user);
    if (found == machine.users.end() || found->second.shell != shell)
      return fmt::format("user {} is not as it should be", user);
  }
  if (machine.users.size() != users.size())
    return "there is a user that nobody wants";
  if (machine.groups != groups)
    return "the groups are not as they should be";
  if (machine.unpacked != archives)
    return "the archives are not as they should be";
  for (const std::string& package : packages) {
    if (!machine.packages.contains(package))
      return fmt::format("package {} is not installed", package);
  }
  for (const auto& [package, version] : machine.packages) {
    if (ours.contains(package) && !packages.contains(package))
      return fmt::format("package {} is installed and nobody wants it", package);
  }
  for (const auto& [service, enabled] : services) {
    const auto unit = machine.units.find(service);
    if (unit == machine.units.end() || !unit->second.active || unit->second.enabled != enabled)
      return fmt::format("service {} is not as it should be", service);
  }
  return {};
}

// An item without its end, its name and what it needs.
std::string RandomSite::text_of(const std::string& node, const Item& item) const {
  const std::string address = fmt::format("nodes.{}.software.{}", node, item.name);
  const int version = item.version;
  if (item.kind == "command") {
    std::string text = fmt::format("      - {{command: '{}'", command_of(address, item));
    if (item.flaky && version % 2 == 1)
      text += ", retry: {times: 2, backoff: 1 s}";
    if (item.creates)
      text += fmt::format(", creates: /srv/{}", item.name);
    if (item.undo)
      text += fmt::format(", undo: 'undo {} v{}'", address, version);
    return text;
  }
  if (item.kind == "file") {
    const std::string source = source_of(item);
    return fmt::format(
        "      - {{file: /etc/{}, content: '{}'", item.name,
        source.empty() ? fmt::format("v{}", version) : fmt::format("${{{{ {}.output }}}}", source));
  }
  if (item.kind == "secret")
    return fmt::format("      - {{file: /etc/{}, content: 'v{} ${{{{ resources.key.value }}}}'",
                       item.name, version);
  if (item.kind == "directory")
    return fmt::format("      - {{directory: /var/{}, mode: '{}'", item.name,
                       version % 2 == 0 ? "0700" : "0755");
  if (item.kind == "user")
    return fmt::format("      - {{user: u{}, shell: /bin/v{}", item.name, version);
  if (item.kind == "group")
    return fmt::format("      - {{group: g{}, gid: {}", item.name, 2000 + version);
  if (item.kind == "archive")
    return fmt::format("      - {{archive: /opt/{}, source: ./v{}.tar", item.name, version);
  if (item.kind == "repository")
    return fmt::format("      - {{repository: {}, url: 'http://v{}.test', suites: x/", item.name,
                       version);
  if (item.kind == "package")
    return fmt::format("      - {{package: [p{}]", version);
  return fmt::format(
      "      - {{package: [s{0}], name: {0}p}}\n      - {{service: s{0}, enabled: {1}", item.name,
      version % 2 == 0);
}

std::string RandomSite::text() const {
  const auto needs_of = [this](std::vector<std::string> needs) {
    std::erase_if(needs, [this](const std::string& need) { return !is_there(need); });
    return needs.empty() ? std::string() : fmt::format(", needs: [{}]", fmt::join(needs, ", "));
  };
  std::string text = fmt::format(
      "encamp: 1\nsite: lab\nnetworks: {{lan: {{}}{}}}\nimages: {{debian: {{debian: bookworm}}}}\n"
      "nodes:\n",
      two_networks_ ? ", back: {}" : "");
  for (const Node& node : nodes_) {
    if (!node.is_there)
      continue;
    text += fmt::format("  {}:\n    memory: {} MiB\n    disk: 1 GiB\n    isolation: {}\n",
                        node.name, node.memory, node.machine ? "vm" : "container");
    text += fmt::format("    networks: [{}]\n", node.two_networks ? "lan, back" : "lan");
    if (node.mounts)
      text += "    mounts: {/srv/shared: shared}\n";
    if (const std::string needs = needs_of(node.needs); !needs.empty())
      text += "    " + needs.substr(2) + "\n";
    if (!node.items.empty())
      text += "    software:\n";
    for (const Item& item : node.items)
      text += fmt::format("{}, name: {}{}}}\n", text_of(node.name, item), item.name,
                          needs_of(item.needs));
  }
  if (std::ranges::any_of(nodes_, [](const Node& node) { return node.is_there && node.mounts; }))
    text += "volumes: {shared: {size: 1 GiB}}\n";
  if (kind_ == Kind::Wide)
    text += fmt::format("resources: {{key: {{secret: {{bytes: {}}}}}}}\n", secret_bytes_);
  text += "tests:\n";
  for (const Node& node : nodes_) {
    if (node.is_there)
      text += fmt::format("  {0}-answers: {{node: {0}, run: 'ask {0}'}}\n", node.name);
  }
  return text;
}

}  // namespace encamp::simulation
