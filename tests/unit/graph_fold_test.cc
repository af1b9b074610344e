#include <gtest/gtest.h>

#include "engine/graph/fold.h"
#include "engine/graph/print.h"
#include "tests/support/golden.h"

namespace encamp {
namespace {

// A head, three workers of one key that need each other's files, one of them with an item more.
Graph cluster() {
  const auto file = std::make_shared<const SourceFile>("site.yaml", "head:\nworker:\n");
  Graph graph{.site = "cluster", .domain = "cluster.test"};
  const auto add = [&](const Address& address, const std::string& component, const Address& node,
                       int line) {
    graph.resources.push_back(
        {.address = address, .component = component, .node = node, .where = {file, line, 1, 4}});
    return graph.resources.size() - 1;
  };
  const auto lan = add("networks.lan", "network", "", 5);
  const auto head = add("nodes.head", "node", "nodes.head", 1);
  const auto service = add("nodes.head.software.slurmctld", "service", "nodes.head", 6);
  graph.edges = {{head, lan, "is on it", {}}, {service, head, "lies on it", {}}};
  for (const std::string number : {"1", "2", "10"}) {
    const Address name = "nodes.worker-" + number;
    const auto node = add(name, "node", name, 2);
    const auto item = add(name + ".software.slurmd", "service", name, 7);
    graph.edges.push_back({node, lan, "is on it", {}});
    graph.edges.push_back({item, node, "lies on it", {}});
    graph.edges.push_back({item, service, "needs", {}});
  }
  add(child_address("nodes.worker-10.software", "file /a \"b\"\\\x1b[31m<x>"), "file",
      "nodes.worker-10", 8);
  return graph;
}

TEST(GraphFold, MakesCopiesOneAndKeepsEveryEdgeOnce) {
  const FoldedGraph folded = fold_copies(cluster());

  EXPECT_EQ(folded.times, (std::map<Address, int>{{"nodes.worker", 3}}));
  EXPECT_EQ(folded.graph.resources.size(), 6U);
  EXPECT_EQ(folded.graph.edges.size(), 5U);
  EXPECT_NE(folded.graph.find("nodes.worker.software.slurmd"), nullptr);
}

TEST(GraphFold, LeavesNodesOfDifferentKeysAlone) {
  Graph graph = cluster();
  for (Resource& resource : graph.resources)
    resource.where = {};

  EXPECT_TRUE(fold_copies(graph).times.empty());
}

TEST(GraphFold, IsDrawnWithTheCopiesCountedAndTextEscaped) {
  test::expect_golden("graph_folded.dot", to_dot(fold_copies(cluster())));
}

TEST(GraphFold, DrawsACycleInRed) {
  Graph graph = cluster();
  const auto index = [&](const Address& address) {
    return static_cast<Graph::Vertex>(graph.find(address) - graph.resources.data());
  };
  graph.edges.push_back({index("nodes.head.software.slurmctld"),
                         index("nodes.worker-2.software.slurmd"),
                         "written in needs",
                         {}});

  const FoldedGraph folded = fold_copies(graph);
  const std::string dot = to_dot(folded);

  EXPECT_EQ(folded.cycles.size(), 2U);
  EXPECT_NE(dot.find("\"nodes.head.software.slurmctld\" -> \"nodes.worker.software.slurmd\" "
                     "[tooltip=\"written in needs\" label=\"written in needs\" color=red"),
            std::string::npos)
      << dot;
  EXPECT_NE(dot.find("\"nodes.worker.software.slurmd\" -> \"nodes.head.software.slurmctld\" "
                     "[tooltip=\"needs\" label=\"needs\" color=red"),
            std::string::npos);
  EXPECT_EQ(unfolded(graph).cycles.size(), 2U);
}

}  // namespace
}  // namespace encamp
