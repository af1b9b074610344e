#include "engine/graph/compile.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/description/expression_tree.h"
#include "engine/graph/print.h"
#include "tests/support/golden.h"
#include "tests/support/test_registry.h"
#include "tests/support/test_site.h"

namespace encamp {
namespace {

using test::item;
using test::node;

std::string rendered(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& diagnostic : diagnostics.all())
    text += render(diagnostic);
  return text;
}

TEST(Compile, FindsEveryNeedAndSaysWhy) {
  const Graph graph = test::compiled(test::hello(), test::test_registry());

  test::expect_golden("graph_hello.txt", to_text(unfolded(graph)));
}

TEST(Compile, DrawsWhatLiesOnANodeInsideIt) {
  const Graph graph = test::compiled(test::hello(), test::test_registry());

  test::expect_golden("graph_hello.dot", to_dot(FoldedGraph{graph, {}}));
}

TEST(Compile, PutsPackagesWithoutNeedsFirst) {
  const Site site = test::site_of(
      {node("web"), item("web", "file", "/a"),
       item("web", "package", Value::List{"late"}, {}, {{"nodes.web.software['file /a']", {}}}),
       item("web", "package", Value::List{"curl"})});

  const Graph graph = test::compiled(site, test::test_registry());

  std::vector<Address> order;
  for (const Graph::Vertex v : graph.order) {
    if (!graph.resources[v].node.empty())
      order.push_back(last_name(graph.resources[v].address));
  }
  EXPECT_EQ(order, (std::vector<Address>{"package curl", "file /a", "package late"}));
}

TEST(Compile, TakesANeedOfANodeAsAllThatLiesOnIt) {
  const Site site = test::site_of({node("db"), item("db", "service", "postgresql"), node("web"),
                                   item("web", "service", "nginx", {}, {{"nodes.db", {}}})});

  const Graph graph = test::compiled(site, test::test_registry());

  const auto edge = std::ranges::find_if(graph.edges, [&](const Graph::Edge& e) {
    return graph.resources[e.from].address == "nodes.web.software.nginx" &&
           graph.resources[e.to].address == "nodes.db.software.postgresql";
  });
  ASSERT_NE(edge, graph.edges.end());
  EXPECT_EQ(edge->reason, "written in needs");
}

TEST(Compile, MakesAnEdgeOfALateReferenceAndNoneOfAChosenOne) {
  const Value output = attribute_value({"nodes.a.software['command date']", "output", {}});
  const Value address = attribute_value({"nodes.b", "address", {}});
  const Site site = test::site_of({node("a"), item("a", "command", "date", {{"input", address}}),
                                   node("b"), item("b", "file", "/date", {{"content", output}})});

  const Graph graph = test::compiled(site, test::test_registry());

  std::vector<std::string> across;  // Edges between nodes.
  for (const Graph::Edge& edge : graph.edges) {
    const Resource& from = graph.resources[edge.from];
    const Resource& to = graph.resources[edge.to];
    if (!to.node.empty() && from.node != to.node)
      across.push_back(from.address + ": " + edge.reason);
  }
  EXPECT_EQ(across, std::vector<std::string>{"nodes.b.software['file /date']: refers to "
                                             "nodes.a.software['command date'].output"});
}

TEST(Compile, NamesAnAttributeThatIsNotThere) {
  Site site = test::hello();
  site.outputs.push_back(
      {.name = "url", .value = attribute_value({"nodes.web", "adress", {}}), .where = {}});
  Diagnostics diagnostics;

  compile(site, test::test_registry(), diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 1U);
  EXPECT_EQ(diagnostics.all()[0].code, "unknown-name");
  EXPECT_EQ(diagnostics.all()[0].hint, "did you mean 'address'?");
}

TEST(Compile, ShowsACycleEdgeByEdge) {
  const Site site =
      test::site_of({node("a"), item("a", "file", "/first"),
                     item("a", "service", "one", {}, {{"nodes.b.software.two", {}}}), node("b"),
                     item("b", "service", "two", {}, {{"nodes.a.software.one", {}}})});
  Diagnostics diagnostics;

  const Graph graph = compile(site, test::test_registry(), diagnostics);

  EXPECT_TRUE(graph.order.empty());
  test::expect_golden("compile_cycle.txt", rendered(diagnostics));
}

TEST(Compile, ReportsEveryKnotOnce) {
  const Site site = test::site_of(
      {node("a", {}), node("b"), item("a", "service", "one", {}, {{"nodes.a.software.one", {}}}),
       item("b", "service", "two", {}, {{"nodes.b.software.three", {}}}),
       item("b", "service", "three")});
  Diagnostics diagnostics;

  compile(site, test::test_registry(), diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 2U) << rendered(diagnostics);
  EXPECT_EQ(diagnostics.all()[0].notes.size(), 1U);
  EXPECT_EQ(diagnostics.all()[1].notes.size(), 2U);
}

TEST(Compile, NamesWhatIsNotThere) {
  const Site site =
      test::site_of({node("web"), item("web", "service", "nginx", {}, {{"nodes.wed", {}}})});
  Diagnostics diagnostics;

  compile(site, test::test_registry(), diagnostics);

  test::expect_golden("compile_unknown_resource.txt", rendered(diagnostics));
}

TEST(Compile, FindsACycleOfTests) {
  Site site = test::hello();
  site.tests.push_back({.name = "a", .address = "tests.a", .needs = {{"tests.b", {}}}});
  site.tests.push_back({.name = "b", .address = "tests.b", .needs = {{"tests.a", {}}}});
  Diagnostics diagnostics;

  const Graph graph = compile(site, test::test_registry(), diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 1U);
  EXPECT_EQ(diagnostics.all()[0].code, "cycle");
  EXPECT_FALSE(graph.order.empty());
}

TEST(FindNeedCycles, LooksAtASiteWithOtherMistakes) {
  // The node that `b`'s item lies on could not be understood and is not there.
  const Site site =
      test::site_of({node("a"), item("a", "service", "one", {}, {{"nodes.b.software.two", {}}}),
                     item("b", "service", "two", {}, {{"nodes.a.software.one", {}}})});
  Diagnostics diagnostics;

  find_need_cycles(site, test::test_registry(), diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 1U) << rendered(diagnostics);
  EXPECT_EQ(diagnostics.all()[0].code, "cycle");
  EXPECT_EQ(diagnostics.all()[0].notes.size(), 2U);
}

}  // namespace
}  // namespace encamp
