#include "src/local_hosts.h"

#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "engine/description/read.h"
#include "src/libvirt_connection.h"

namespace encamp {
namespace {

const std::vector<std::string> kHostKeys = {"connect", "memory", "disk", "storage"};

// Reads one file; keeps where mistakes go.
class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  HostsFile file(const Tree& tree) {
    HostsFile hosts;
    for (const Tree::Entry& entry : tree.entries) {
      if (entry.key.starts_with("x-"))
        continue;
      if (entry.key == "overcommit")
        hosts.overcommit = overcommit(entry.value);
      else
        hosts.hosts.push_back(host(entry));
    }
    if (hosts.hosts.empty())
      wrong(tree.where, "no host is named", "here: {connect: [lxc:///system, qemu:///system]}");
    return hosts;
  }

 private:
  void wrong(const Span& where, std::string summary, std::string hint = "") {
    diagnostics_.add(
        {.code = "hosts", .summary = std::move(summary), .where = where, .hint = std::move(hint)});
  }

  HostSettings host(const Tree::Entry& entry) {
    HostSettings host{.name = entry.key, .connect = {}};
    if (!entry.value.is_mapping()) {
      wrong(entry.value.where,
            fmt::format("host '{}' is {}, not a mapping", entry.key, entry.value.kind_name()));
      return host;
    }
    for (const Tree::Entry& property : entry.value.entries) {
      if (property.key == "connect")
        host.connect = connections(property.value);
      else if (property.key == "memory")
        host.memory = size(property);
      else if (property.key == "disk")
        host.disk = size(property);
      else if (property.key == "storage")
        host.storage = absolute_path(property.value);
      else
        unknown(property, "a host", kHostKeys);
    }
    if (host.connect.empty()) {
      wrong(entry.where, fmt::format("host '{}' says no way to reach it", entry.key),
            "connect: [lxc:///system, qemu:///system]");
    }
    return host;
  }

  Overcommit overcommit(const Tree& tree) {
    Overcommit overcommit;
    for (const Tree::Entry& entry : tree.entries) {
      if (entry.key == "memory")
        overcommit.memory = factor(entry.value);
      else if (entry.key == "disk")
        overcommit.disk = factor(entry.value);
      else
        unknown(entry, "overcommit", {"memory", "disk"});
    }
    return overcommit;
  }

  void unknown(const Tree::Entry& entry, const std::string& of,
               const std::vector<std::string>& known) {
    const std::string near = nearest(entry.key, known);
    wrong(entry.where, fmt::format("{} has no '{}'", of, entry.key),
          near.empty() ? fmt::format("known are: {}", fmt::join(known, ", "))
                       : fmt::format("did you mean '{}'?", near));
  }

  std::vector<std::string> connections(const Tree& tree) {
    std::vector<std::string> uris;
    for (const Tree& item : tree.is_scalar() ? std::vector<Tree>{tree} : tree.items) {
      if (!item.is_scalar()) {
        wrong(item.where, fmt::format("a URI is text, not {}", item.kind_name()));
        continue;
      }
      try {
        check_connection_uri(item.text);
      } catch (const Error& error) {
        wrong(item.where, error.what(), error.hint());
      }
      uris.push_back(item.text);
    }
    return uris;
  }

  std::optional<Bytes> size(const Tree::Entry& entry) {
    const std::optional<Bytes> bytes = parse_bytes(entry.value.text);
    if (!bytes)
      wrong(entry.value.where, fmt::format("'{}' is a size", entry.key), "16 GiB, for example");
    return bytes;
  }

  std::string absolute_path(const Tree& tree) {
    if (!tree.text.starts_with('/'))
      wrong(tree.where, "'storage' is an absolute path on the host");
    return tree.text;
  }

  int factor(const Tree& tree) {
    int factor = 0;
    const char* const end = tree.text.data() + tree.text.size();
    const auto [rest, error] = std::from_chars(tree.text.data(), end, factor);
    if (error != std::errc() || rest != end || factor < 1 || factor > 1000) {
      wrong(tree.where, "how often something may be promised is a number from 1 to 1000");
      return 1;
    }
    return factor;
  }

  Diagnostics& diagnostics_;
};

}  // namespace

HostsFile this_machine() {
  return {.hosts = {HostSettings()}, .overcommit = {}};
}

HostsFile read_hosts(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics) {
  const std::optional<Tree> tree = read_tree(std::move(file), diagnostics);
  return tree ? Reader(diagnostics).file(*tree) : HostsFile{};
}

}  // namespace encamp
