#include "tests/support/power_cut.h"

#include <algorithm>
#include <stdexcept>

#include "src/local_file.h"

namespace encamp::test {
namespace {

constexpr std::size_t kSector = 512;

// 0 to `count` - 1; the same with every standard library.
std::size_t pick(std::mt19937_64& random, std::size_t count) {
  return static_cast<std::size_t>(random() % count);
}

void put(std::string& file, std::size_t position, std::string_view bytes) {
  file.resize(std::max(file.size(), position + bytes.size()));
  file.replace(position, bytes.size(), bytes);
}

// Zeros, or what lay there of another file.
void grow(std::string& file, std::size_t size, std::mt19937_64& random) {
  const bool garbage = pick(random, 2) == 0;
  while (file.size() < size)
    file += garbage ? static_cast<char>(random()) : '\0';
}

}  // namespace

PowerCut::PowerCut(std::uint64_t seed) : nodes_{{.is_directory = true}}, random_(seed) {
  paths_[""] = 0;
}

PowerCut::Node& PowerCut::directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return nodes_.at(paths_.at(slash == std::string::npos ? "" : path.substr(0, slash)));
}

std::string PowerCut::name_in(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

void PowerCut::apply(const DiskCall& call) {
  using Kind = DiskCall::Kind;
  const auto position = static_cast<std::size_t>(call.position);
  switch (call.kind) {
    case Kind::Create:
    case Kind::MakeDirectory:
      directory_of(call.path).entries.push_back({name_in(call.path), nodes_.size(), ""});
      paths_[call.path] = nodes_.size();
      nodes_.push_back({.is_directory = call.kind == Kind::MakeDirectory});
      return;
    case Kind::Write:
      nodes_.at(paths_.at(call.path)).changes.push_back({false, position, call.bytes});
      return;
    case Kind::Truncate:
      nodes_.at(paths_.at(call.path)).changes.push_back({true, position, ""});
      return;
    case Kind::Sync: {
      Node& node = nodes_.at(paths_.at(call.path));
      node.names = names(node, node.entries.size());
      node.durable = content(node, random_, 1);
      node.entries.clear();
      node.changes.clear();
      return;
    }
    case Kind::FailedSync: {
      Node& node = nodes_.at(paths_.at(call.path));
      node.durable = content(node, random_, 2);
      node.changes.clear();
      return;
    }
    case Kind::Rename: {
      const Number node = paths_.at(call.path);
      if (&directory_of(call.path) != &directory_of(call.other))
        throw std::logic_error("a rename from one directory to another");
      directory_of(call.path).entries.push_back({name_in(call.other), node, name_in(call.path)});
      paths_.erase(call.path);
      paths_[call.other] = node;
      return;
    }
    case Kind::Remove:
      directory_of(call.path).entries.push_back({"", 0, name_in(call.path)});
      paths_.erase(call.path);
      return;
  }
}

std::map<std::string, PowerCut::Number> PowerCut::names(const Node& directory,
                                                        std::size_t entries) {
  std::map<std::string, Number> all = directory.names;
  for (std::size_t i = 0; i < entries; ++i) {
    const Entry& entry = directory.entries[i];
    all.erase(entry.removes);
    if (!entry.name.empty())
      all[entry.name] = entry.node;
  }
  return all;
}

std::string PowerCut::content(const Node& file, std::mt19937_64& random, std::uint64_t seed) {
  std::string bytes = file.durable;
  if (seed == 0 || file.changes.empty())
    return bytes;
  // Rarely, often or mostly; all is seed 1.
  const std::size_t chance = seed == 1 ? 100 : std::size_t{15} + 35 * pick(random, 3);
  const auto comes = [&] { return pick(random, 100) < chance; };
  for (const Change& change : file.changes) {
    if (change.truncates) {
      if (comes())
        bytes.resize(change.position);
      continue;
    }
    const std::string_view written = change.bytes;
    if (chance == 100) {
      put(bytes, change.position, written);
      continue;
    }
    for (std::size_t done = 0; done < written.size();) {
      const std::size_t here = change.position + done;
      const std::size_t size = std::min(written.size() - done, kSector - here % kSector);
      const std::string_view sector = written.substr(done, size);
      done += size;
      if (comes())
        put(bytes, here, sector);
      else if (pick(random, 4) == 0)  // Torn: its first part or its last.
        if (const std::size_t cut = pick(random, size + 1); pick(random, 2) == 0)
          put(bytes, here, sector.substr(0, cut));
        else
          put(bytes, here + cut, sector.substr(cut));
      else if (here + size > bytes.size() && pick(random, 2) == 0)
        grow(bytes, here + size, random);  // The size came, the bytes did not.
    }
  }
  return bytes;
}

void PowerCut::leave(std::uint64_t seed, const std::filesystem::path& target) const {
  std::mt19937_64 random(seed);
  leave(nodes_.front(), random, seed, target);
}

void PowerCut::leave(const Node& directory, std::mt19937_64& random, std::uint64_t seed,
                     const std::filesystem::path& target) const {
  std::filesystem::create_directory(target);
  const std::size_t entries = seed == 0   ? 0
                              : seed == 1 ? directory.entries.size()
                                          : pick(random, directory.entries.size() + 1);
  for (const auto& [name, number] : names(directory, entries)) {
    const Node& node = nodes_[number];
    if (node.is_directory)
      leave(node, random, seed, target / name);
    else
      write_whole_file(target / name, content(node, random, seed), 0600);
  }
}

}  // namespace encamp::test
