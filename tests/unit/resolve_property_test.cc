// What holds of every description: printed and read again it is the same site; the order of keys
// means nothing; the order of its graph keeps to every edge.
#include <algorithm>
#include <filesystem>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "engine/description/site_print.h"
#include "engine/graph/compile.h"
#include "engine/graph/print.h"
#include "tests/support/described.h"
#include "tests/support/golden.h"
#include "tests/support/random_description.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

// Everything that a site says, without places; keys sorted.
nlohmann::json essence(const Site& site) {
  nlohmann::json all = nlohmann::json::parse(to_json(site));
  for (std::size_t i = 0; i < site.resources.size(); ++i) {
    const Resource& resource = site.resources[i];
    all["resources"][i]["attempts"] = resource.attempts;
    all["resources"][i]["backoff"] = resource.backoff.count();
    all["resources"][i]["timeout"] = resource.timeout ? resource.timeout->count() : 0;
  }
  for (std::size_t i = 0; i < site.tests.size(); ++i) {
    const encamp::Test& test = site.tests[i];
    all["tests"][i]["exit"] = test.expect.exit;
    all["tests"][i]["contains"] = to_json(Value(test.expect.contains));
    all["tests"][i]["timeout"] = test.timeout.count();
  }
  return all;
}

/// Lists of resources in the order of their addresses, and of what they need: the order of keys
/// orders copies.
nlohmann::json sorted(nlohmann::json all) {
  for (nlohmann::json& resource : all["resources"]) {
    if (resource.contains("needs"))
      std::sort(resource["needs"].begin(), resource["needs"].end());
  }
  for (const char* list : {"resources", "tests"})
    std::sort(all[list].begin(), all[list].end(),
              [](const auto& a, const auto& b) { return a["address"] < b["address"]; });
  return all;
}

std::optional<Resolved> resolved(const std::string& text, Diagnostics& diagnostics) {
  const auto file = std::make_shared<const SourceFile>("lab.yaml", text);
  const std::optional<Tree> tree = read_tree(file, diagnostics);
  if (!tree)
    return std::nullopt;
  return resolve_with_outline(*tree, test::typed_registry(),
                              test::MapLoader(test::library(ENCAMP_SOURCE_DIR)), {}, diagnostics);
}

void expect_same_when_printed(const std::string& text, ShowOrigins origins) {
  Diagnostics diagnostics;
  const std::optional<Resolved> first = resolved(text, diagnostics);
  ASSERT_TRUE(first) << render(diagnostics.all().front()) << text;

  const std::string printed =
      to_description(first->site, first->outline, test::typed_registry(), origins);
  const std::optional<Resolved> second = resolved(printed, diagnostics);

  ASSERT_TRUE(second) << render(diagnostics.all().front()) << printed;
  EXPECT_EQ(essence(first->site), essence(second->site)) << printed;
  EXPECT_EQ(to_description(second->site, second->outline, test::typed_registry(), ShowOrigins::No),
            to_description(first->site, first->outline, test::typed_registry(), ShowOrigins::No));
}

const std::string kCluster = R"(encamp: 1
site: cluster
include: [batch/slurm]
networks: {lan: {}}
parameters: {room: {type: size, default: 512 MiB}}
nodes:
  head: {extends: slurm.controller, memory: '${{ parameters.room }}'}
  worker: {extends: slurm.worker, count: 2, controller: head, memory: 512 MiB}
tests:
  jobs:
    node: head
    run: srun hostname
    expect: {output: '${{ join("\n", nodes.worker[*].name) }}'}
)";

TEST(Show, PrintsWhatIsTheSameSiteAgain) {
  for (const char* name : {"hello.yaml", "pair.yaml", "virtual-machine.yaml"})
    expect_same_when_printed(
        test::text_of_file(std::filesystem::path(ENCAMP_SOURCE_DIR) / "examples" / name),
        ShowOrigins::No);
  expect_same_when_printed(kCluster, ShowOrigins::No);
  expect_same_when_printed(kCluster, ShowOrigins::Yes);
}

TEST(Show, TellsWhereEachValueComesFrom) {
  Diagnostics diagnostics;
  const std::optional<Resolved> cluster = resolved(kCluster, diagnostics);
  ASSERT_TRUE(cluster);

  test::expect_golden(
      "show_origins.yaml",
      to_description(cluster->site, cluster->outline, test::typed_registry(), ShowOrigins::Yes));
}

// Of each line that begins with `key:` in what is shown.
std::vector<std::string> comments_of(const std::string& shown, const std::string& key) {
  std::vector<std::string> comments;
  std::istringstream lines(shown);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" -");
    const std::size_t comment = line.find("# ");
    if (begin != std::string::npos && comment != std::string::npos &&
        line.compare(begin, key.size() + 1, key + ":") == 0)
      comments.push_back(line.substr(comment + 2));
  }
  return comments;
}

TEST(Show, TellsTheSameParametersWhoeverAsksFirst) {
  Diagnostics diagnostics;
  const std::optional<Resolved> site = resolved(R"(encamp: 1
site: lab
networks: {lan: {}}
images: {debian: {debian: bookworm}}
parameters:
  word: {type: string, default: hello}
  text: {type: string, default: '${{ parameters.word }} you'}
  users: {type: list of string, default: [alice]}
prototypes:
  p:
    attributes:
      word: {type: string, default: '${{ parameters.word }}'}
      other: {type: string, default: '${{ node.word }}'}
    memory: 1 GiB
    disk: 1 GiB
    software:
      - file: /etc/text
        content: ${{ parameters.text }}
        owner: ${{ parameters.word }}
nodes:
  a: {extends: p, software: [{file: /etc/text, owner: root}]}
  b: {extends: p, word: own, count: 2}
  c:
    extends: p
    for_each: ${{ parameters.users }}
    word: ${{ each.value }}
)",
                                                diagnostics);
  ASSERT_TRUE(site) << render(diagnostics.all().front());

  const std::string shown =
      to_description(site->site, site->outline, test::typed_registry(), ShowOrigins::Yes);

  for (const std::string& content : comments_of(shown, "content"))
    EXPECT_TRUE(
        content.ends_with(", parameter 'text' at lab.yaml:7, parameter 'word' at "
                          "lab.yaml:6"))
        << content;
  const std::string extends = "lab.yaml:13, 'nodes.a' extends 'p' at lab.yaml:21";
  EXPECT_EQ(comments_of(shown, "other")[0], extends + ", parameter 'word' at lab.yaml:6");
  EXPECT_EQ(comments_of(shown, "other")[1], "lab.yaml:13, 'nodes.b' extends 'p' at lab.yaml:22");
  EXPECT_EQ(comments_of(shown, "other")[3],
            "lab.yaml:13, 'nodes.c' extends 'p' at lab.yaml:24, parameter 'users' at lab.yaml:8");
  EXPECT_EQ(comments_of(shown, "owner")[0], "lab.yaml:21") << "its own value";
}

RC_GTEST_PROP(Show, OfAnySiteIsTheSameSiteAgain, ()) {
  expect_same_when_printed(test::random_description(), ShowOrigins::Yes);
  RC_ASSERT(!testing::Test::HasFailure());
}

void shuffle(Tree& tree, std::mt19937& chance) {
  std::ranges::shuffle(tree.entries, chance);
  for (Tree::Entry& entry : tree.entries)
    shuffle(entry.value, chance);
  for (Tree& item : tree.items)
    shuffle(item, chance);
}

RC_GTEST_PROP(Resolve, MeansTheSameInAnyOrderOfKeys, (unsigned seed)) {
  const std::string text = test::random_description();
  Diagnostics diagnostics;
  Tree tree = *read_tree(std::make_shared<const SourceFile>("lab.yaml", text), diagnostics);
  const auto site = [&] {
    return resolve(tree, test::typed_registry(), test::MapLoader(), {}, diagnostics);
  };
  const std::optional<Site> as_written = site();
  std::mt19937 chance(seed);
  shuffle(tree, chance);

  const std::optional<Site> shuffled = site();

  RC_ASSERT(as_written.has_value());
  RC_ASSERT(shuffled.has_value());
  const bool is_same = sorted(essence(*as_written)) == sorted(essence(*shuffled));
  RC_ASSERT(is_same);
}

RC_GTEST_PROP(Graph, OrderKeepsToEveryEdge, ()) {
  const test::Described described =
      test::describe("lab.yaml", test::random_description(), test::typed_registry());
  RC_ASSERT(described.site.has_value());
  Diagnostics diagnostics;

  const Graph graph = compile(*described.site, test::typed_registry(), diagnostics);

  RC_ASSERT(!diagnostics.has_errors());
  RC_ASSERT(graph.order.size() == graph.resources.size());
  std::vector<std::size_t> position(graph.order.size());
  for (std::size_t i = 0; i < graph.order.size(); ++i)
    position[graph.order[i]] = i;
  for (const Graph::Edge& edge : graph.edges)
    RC_ASSERT(position[edge.to] < position[edge.from]);
}

}  // namespace
}  // namespace encamp
