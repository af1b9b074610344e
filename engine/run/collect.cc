#include "engine/run/collect.h"

#include <algorithm>
#include <sstream>

#include "engine/error.h"

namespace encamp {
namespace {

constexpr std::size_t kFileLimit = 16UL << 20U;
constexpr std::size_t kMostFiles = 500;  ///< Of one directory.

struct Source {
  std::string node;  ///< Empty: the one the test runs on.
  std::string path;
};

Source source_of(const Value& value) {
  const std::string text = value.is_text() ? value.text() : to_display(value, 4096);
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || text.starts_with('/'))
    return {"", text};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

void keep_file(Guest& guest, const std::string& path, const std::string& folder, Report& report) {
  report.keep(folder + path, guest.read_file(path, kFileLimit));
}

void keep_tree(Guest& guest, const std::string& path, const std::string& folder, Report& report) {
  const CommandResult listed = guest.probe({.text = "find \"$ROOT\" -xdev -type f",
                                            .environment = {{"ROOT", path}},
                                            .timeout = std::chrono::minutes(1)});
  std::istringstream lines(listed.output);
  std::size_t count = 0;
  for (std::string file; std::getline(lines, file);) {
    if (++count > kMostFiles) {
      report.keep(folder + path + "/more", "the directory has more files than were taken\n");
      break;
    }
    keep_file(guest, file, folder, report);
  }
}

void keep(Guest& guest, const std::string& path, const std::string& folder, Report& report) {
  try {
    const std::optional<FileState> found = guest.find_file(path);
    if (!found)
      report.keep(folder + path, "there is no such file\n");
    else if (found->kind == FileKind::Directory)
      keep_tree(guest, path, folder, report);
    else
      keep_file(guest, path, folder, report);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Interrupted)
      throw;
    report.keep(folder + path, std::string("cannot be had: ") + error.what() + "\n");
  }
}

}  // namespace

void collect_from(Guest& guest, const Test& test, const Record& node, Report& report) {
  const std::string name = last_name(node.address);
  for (const Value& value : test.collect) {
    const Source source = source_of(value);
    if (source.node.empty() || source.node == name)
      keep(guest, source.path, test.address + "/" + name, report);
  }
}

void collect_from_other_nodes(RunState& state, const std::vector<Test>& tests, Report& report) {
  Environment& environment = state.environment;
  for (const Test& test : tests) {
    for (const Value& value : test.collect) {
      const Source source = source_of(value);
      const Address address = child_address("nodes", source.node);
      if (source.node.empty() || std::ranges::find(test.nodes, address) != test.nodes.end())
        continue;
      const std::string folder = test.address + "/" + source.node;
      const std::optional<Record> node = state.records.find(address);
      if (!node) {
        report.keep(folder + source.path, "there is no such node\n");
        continue;
      }
      try {
        const auto deadline = environment.world.clock().now() + std::chrono::minutes(1);
        keep(guest_of(environment, *node, deadline), source.path, folder, report);
      } catch (const Error& error) {
        report.keep(folder + source.path, std::string("cannot be had: ") + error.what() + "\n");
      }
    }
  }
}

}  // namespace encamp
