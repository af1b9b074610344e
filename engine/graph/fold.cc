#include "engine/graph/fold.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/graph/order.h"

namespace encamp {
namespace {

// The key that made a node: what two copies have in common.
using Made = std::tuple<const SourceFile*, int, int>;

// `nodes.worker` of `nodes.worker-1`: a copy's own key stands behind the name that all share.
Address common_name(const std::vector<Address>& copies) {
  std::string common = copies.front();
  for (const Address& copy : copies) {
    while (!copy.starts_with(common))
      common.pop_back();
  }
  const std::size_t dash = common.rfind('-');
  return Address(dash == std::string::npos ? common : common.substr(0, dash));
}

std::map<Address, Address> folded_names(const Graph& graph, std::map<Address, int>& times) {
  std::map<Made, std::vector<Address>> made;
  for (const Resource& resource : graph.resources) {
    if (resource.component == "node" && resource.where.file != nullptr)
      made[{resource.where.file.get(), resource.where.line, resource.where.column}].push_back(
          resource.address);
  }
  std::map<Address, Address> names;
  for (const auto& [where, copies] : made) {
    if (copies.size() < 2)
      continue;
    const Address name = common_name(copies);
    times[name] = static_cast<int>(copies.size());
    for (const Address& copy : copies)
      names[copy] = name;
  }
  return names;
}

// The edges of cycles; none when the graph has an order.
std::vector<std::size_t> cyclic_edges(const Graph& graph) {
  std::vector<std::size_t> edges;
  if (!graph.order.empty())
    return edges;
  std::vector<NeedPair> needs;
  for (const Graph::Edge& edge : graph.edges)
    needs.emplace_back(edge.from, edge.to);
  for (const std::vector<std::size_t>& cycle : find_cycles(graph.resources.size(), needs))
    edges.insert(edges.end(), cycle.begin(), cycle.end());
  return edges;
}

}  // namespace

FoldedGraph unfolded(const Graph& graph) {
  FoldedGraph whole{.graph = graph, .times = {}, .cycles = {}};
  for (const std::size_t edge : cyclic_edges(graph))
    whole.cycles.emplace(graph.edges[edge].from, graph.edges[edge].to);
  return whole;
}

FoldedGraph fold_copies(const Graph& graph) {
  FoldedGraph folded;
  folded.graph.site = graph.site;
  folded.graph.domain = graph.domain;
  const std::map<Address, Address> names = folded_names(graph, folded.times);
  std::map<Address, Graph::Vertex> places;
  std::vector<Graph::Vertex> place_of;
  for (Resource resource : graph.resources) {
    const Address node(node_of(resource.address));
    if (const auto name = names.find(node); name != names.end()) {
      resource.address = name->second + resource.address.substr(node.size());
      if (!resource.node.empty())
        resource.node = name->second;
    }
    const auto [place, is_new] = places.emplace(resource.address, folded.graph.resources.size());
    if (is_new)
      folded.graph.resources.push_back(std::move(resource));
    place_of.push_back(place->second);
  }
  std::set<std::tuple<Graph::Vertex, Graph::Vertex, std::string>> seen;
  for (const Graph::Edge& edge : graph.edges) {
    const Graph::Vertex from = place_of[edge.from];
    const Graph::Vertex to = place_of[edge.to];
    if (seen.emplace(from, to, edge.reason).second)
      folded.graph.edges.push_back({from, to, edge.reason, edge.where});
  }
  std::ranges::stable_sort(folded.graph.edges, {}, &Graph::Edge::from);
  std::set<Graph::Vertex> in_order;
  for (const Graph::Vertex v : graph.order) {
    if (in_order.insert(place_of[v]).second)
      folded.graph.order.push_back(place_of[v]);
  }
  for (const std::size_t edge : cyclic_edges(graph))
    folded.cycles.emplace(place_of[graph.edges[edge].from], place_of[graph.edges[edge].to]);
  return folded;
}

}  // namespace encamp
