#include "src/terminal_status.h"

#include <gtest/gtest.h>

#include "tests/support/golden.h"
#include "tests/support/small_components.h"

namespace encamp {
namespace {

Record node(const std::string& name, const std::string& address) {
  return {
      .address = "nodes." + name,
      .component = "node",
      .life = Life::Present,
      .properties = {{"name", name},
                     {"networks", Value::Mapping{{"lan", Value::Mapping{{"address", address}}}}}}};
}

Record item(const std::string& name, const std::string& path) {
  return {.address = child_address("nodes." + name + ".software", "file " + path),
          .component = "file",
          .life = Life::Present,
          .properties = {{"path", path}, {"content", "as described"}}};
}

// A site of 40 nodes: one screen. What is wrong is said below its node.
TEST(TerminalStatus, FoldsCopiesAndShowsWhatIsWrong) {
  Registry registry;
  test::add_small_components(registry);
  std::vector<Record> records{{.address = "networks.lan",
                               .component = "network",
                               .life = Life::Present,
                               .properties = {{"subnet", "10.64.0.0/24"}}},
                              {.address = "storage", .component = "storage", .life = Life::Present},
                              node("head", "10.64.0.10"),
                              item("head", "/etc/motd")};
  for (int i = 1; i <= 39; ++i) {
    const std::string name = "worker-" + std::to_string(i);
    records.push_back(node(name, "10.64.0." + std::to_string(10 + i)));
    records.push_back(item(name, "/etc/motd"));
    records.push_back(item(name, "/etc/\x1b[31mred"));
  }
  records.back().life = Life::Intended;
  const Record& motd = records[11];  // Of worker-3.
  Properties edited = motd.properties;
  edited["content"] = "edited\nby hand";
  const Observations seen{
      {"nodes.worker-20", {.kind = Observation::Kind::Stopped}},
      {motd.address, {.properties = edited}},
      {"nodes.worker-30", {.kind = Observation::Kind::Silent, .why = "no SSH banner"}}};

  test::expect_golden("status_40_nodes.txt", status_lines(records, seen, registry));
}

}  // namespace
}  // namespace encamp
