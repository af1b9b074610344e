#include "engine/graph/print.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/description/expression.h"
#include "engine/world/printable.h"

namespace encamp {
namespace {

using Json = nlohmann::ordered_json;

std::string to_text(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json json_of(const Resource& resource) {
  Json json{{"address", resource.address}, {"component", resource.component}};
  if (!resource.node.empty())
    json["node"] = resource.node;
  json["properties"] = Json::parse(to_json(resource.properties));
  for (const Need& need : resource.needs)
    json["needs"].push_back(need.address);
  return json;
}

Json json_of(const Test& test) {
  Json json{{"address", test.address}, {"nodes", test.nodes}};
  json["command"] = Json::parse(to_json(test.command));
  for (const Need& need : test.needs)
    json["needs"].push_back(need.address);
  return json;
}

// `nodes.worker ×40`
std::string with_times(const FoldedGraph& folded, const Address& node) {
  const auto times = folded.times.find(node);
  return times == folded.times.end() ? node : fmt::format("{} ×{}", node, times->second);
}

// A quoted string of the DOT language.
std::string dot_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + '"';
}

}  // namespace

std::string to_text(const FoldedGraph& folded) {
  const Graph& graph = folded.graph;
  std::string out;
  std::vector<Graph::Vertex> order = graph.order;
  if (order.empty()) {  // There is a cycle.
    for (Graph::Vertex v = 0; v < graph.resources.size(); ++v)
      order.push_back(v);
  }
  for (const Graph::Vertex v : order) {
    const Resource& resource = graph.resources[v];
    out += fmt::format("{} ({})\n", with_times(folded, resource.address), resource.component);
    for (const Graph::Edge& edge : graph.edges_from(v))
      out += fmt::format("  needs {}: {}\n", graph.resources[edge.to].address, edge.reason);
  }
  return out;
}

std::string to_dot(const FoldedGraph& folded) {
  const Graph& graph = folded.graph;
  std::string out =
      fmt::format("digraph {} {{\n  rankdir=RL;\n  node [shape=box];\n", dot_string(graph.site));
  std::map<Address, std::string> inside;  // node -> its lines
  for (const Resource& resource : graph.resources) {
    const std::string_view node = node_of(resource.address);
    const std::string line = fmt::format("{} [label={}];\n", dot_string(resource.address),
                                         dot_string(last_name(resource.address)));
    if (node.empty())
      out += fmt::format("  {} [label={}];\n", dot_string(resource.address),
                         dot_string(resource.address));
    else
      inside[Address(node)] += "    " + line;
  }
  for (const auto& [node, lines] : inside) {
    out += fmt::format("  subgraph {} {{\n    label={};\n{}  }}\n", dot_string("cluster " + node),
                       dot_string(with_times(folded, node)), lines);
  }
  for (const Graph::Edge& edge : graph.edges) {
    const Resource& from = graph.resources[edge.from];
    const Resource& to = graph.resources[edge.to];
    const bool is_cyclic = folded.cycles.contains({edge.from, edge.to});
    if (from.node == to.address && !is_cyclic)
      continue;  // It is drawn inside its node.
    const bool leads_elsewhere = !node_of(to.address).empty() && from.node != to.node;
    const bool is_labelled = leads_elsewhere || is_cyclic;
    out += fmt::format("  {} -> {} [tooltip={}{}{}];\n", dot_string(from.address),
                       dot_string(to.address), dot_string(edge.reason),
                       is_labelled ? fmt::format(" label={}", dot_string(edge.reason)) : "",
                       is_cyclic ? " color=red fontcolor=red penwidth=2" : "");
  }
  return out + "}\n";
}

std::string to_json(const Graph& graph) {
  Json json{{"site", graph.site}, {"domain", graph.domain}};
  json["resources"] = Json::array();
  for (const Resource& resource : graph.resources)
    json["resources"].push_back(json_of(resource));
  json["edges"] = Json::array();
  for (const Graph::Edge& edge : graph.edges)
    json["edges"].push_back({{"from", graph.resources[edge.from].address},
                             {"to", graph.resources[edge.to].address},
                             {"reason", edge.reason}});
  json["order"] = Json::array();
  for (const Graph::Vertex v : graph.order)
    json["order"].push_back(graph.resources[v].address);
  return to_text(json);
}

std::string to_json(const Site& site) {
  Json json{{"site", site.name}, {"domain", site.domain}, {"about", site.about}};
  json["resources"] = Json::array();
  for (const Resource& resource : site.resources)
    json["resources"].push_back(json_of(resource));
  json["tests"] = Json::array();
  for (const Test& test : site.tests)
    json["tests"].push_back(json_of(test));
  json["outputs"] = Json::object();
  for (const Output& output : site.outputs)
    json["outputs"][output.name] = Json::parse(to_json(output.value));
  return to_text(json);
}

}  // namespace encamp
