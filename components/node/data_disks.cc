#include "components/node/data_disks.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "engine/world/printable.h"

namespace encamp {

std::vector<DataDisk> data_disks_of(const Properties& properties) {
  const auto written = properties.find("disks");
  if (written == properties.end() || !written->second.is_mapping())
    return {};
  std::vector<DataDisk> all;
  for (const Value::Entry& entry : written->second.mapping()) {
    const Value* size = entry.value.find("size");
    const Value* mount = entry.value.find("mount");
    if (size != nullptr && mount != nullptr)
      all.push_back({.name = entry.key, .size = size->bytes(), .path = mount->text(), .claim = {}});
  }
  std::ranges::sort(all, {}, &DataDisk::path);
  return all;
}

// init reads lines, and makes the directories that are missing on the way.
bool is_mount_point(const std::string& path) {
  if (path.size() < 2 || path.size() > 200 || path.front() != '/' || path.back() == '/' ||
      path != printable(path) || path.find_first_of("\n\t") != std::string::npos ||
      path.find("//") != std::string::npos)
    return false;
  const std::string closed = path + "/";
  return closed.find("/./") == std::string::npos && closed.find("/../") == std::string::npos;
}

void check_data_disks(const Resource& node, Diagnostics& diagnostics) {
  constexpr std::size_t kMost = 16;
  const auto refuse = [&](const std::string& part, std::string summary, std::string hint) {
    diagnostics.add({.code = "bad-disk",
                     .summary = std::move(summary),
                     .where = node.place("disks" + part),
                     .hint = std::move(hint)});
  };
  const std::vector<DataDisk> disks = data_disks_of(node.properties);
  if (disks.size() > kMost)
    refuse("", fmt::format("a node has at most {} data disks", kMost), "");
  const auto mounts = node.properties.find("mounts");
  for (std::size_t i = 0; i < disks.size(); ++i) {
    const DataDisk& disk = disks[i];
    const std::string path = printable(disk.path);
    const std::string mount = "." + disk.name + ".mount";
    if (!is_mount_point(disk.path)) {
      refuse(mount,
             fmt::format("'{}' cannot be where disk '{}' is mounted", path, printable(disk.name)),
             "an absolute path without '.', '..' and a slash at its end");
      continue;
    }
    if (i > 0 && disks[i - 1].path == disk.path)
      refuse(mount,
             fmt::format("disks '{}' and '{}' are mounted at the same place, '{}'",
                         printable(disks[i - 1].name), printable(disk.name), path),
             "");
    if (mounts == node.properties.end() || !mounts->second.is_mapping())
      continue;
    for (const Value::Entry& entry : mounts->second.mapping()) {
      if ((entry.key + "/").starts_with(disk.path + "/"))
        refuse(mount,
               fmt::format("disk '{}' would hide the volume that is mounted at '{}'",
                           printable(disk.name), printable(entry.key)),
               "mount it elsewhere, or below the volume");
    }
  }
}

void compare_data_disks(const Properties& wanted, const Properties& recorded, Change& change) {
  std::map<std::string, DataDisk> then;
  for (const DataDisk& disk : data_disks_of(recorded))
    then.emplace(disk.name, disk);
  std::vector<std::string> reasons;
  bool grows = false;
  bool is_other = false;
  for (const DataDisk& disk : data_disks_of(wanted)) {
    const auto before = then.find(disk.name);
    if (before == then.end()) {
      is_other = true;
      reasons.push_back(
          fmt::format("disks.{}: {} at {} added", disk.name, to_string(disk.size), disk.path));
      continue;
    }
    if (disk.path != before->second.path)
      reasons.push_back(
          fmt::format("disks.{}.mount: {} -> {}", disk.name, before->second.path, disk.path));
    if (disk.size != before->second.size)
      reasons.push_back(fmt::format("disks.{}.size: {} -> {}", disk.name,
                                    to_string(before->second.size), to_string(disk.size)));
    is_other = is_other || disk.path != before->second.path || disk.size < before->second.size;
    grows = grows || disk.size > before->second.size;
    then.erase(before);
  }
  for (const auto& [name, disk] : then) {
    is_other = true;
    reasons.push_back(fmt::format("disks.{} removed", name));
  }
  std::erase_if(change.reasons, [](const std::string& r) { return r.starts_with("disks"); });
  change.reasons.insert(change.reasons.end(), reasons.begin(), reasons.end());
  change.restarts = grows;
  if (is_other)
    change.kind = Change::Kind::Replace;
  if (change.reasons.empty())
    change.kind = Change::Kind::Keep;  // The same ones in another order.
}

}  // namespace encamp
