#include "engine/graph/graph.h"

#include <algorithm>

namespace encamp {

const Resource* Graph::find(const Address& address) const {
  const auto found = std::ranges::find(resources, address, &Resource::address);
  return found == resources.end() ? nullptr : &*found;
}

std::span<const Graph::Edge> Graph::edges_from(Vertex vertex) const {
  // Not equal_range: clang 14 does not take what the library's gives.
  const auto first = std::ranges::lower_bound(edges, vertex, {}, &Edge::from);
  return {first, std::ranges::upper_bound(first, edges.end(), vertex, {}, &Edge::from)};
}

std::vector<std::vector<Graph::Vertex>> Graph::needs() const {
  std::vector<std::vector<Vertex>> needs(resources.size());
  for (const Edge& edge : edges) {
    if (std::ranges::find(needs[edge.from], edge.to) == needs[edge.from].end())
      needs[edge.from].push_back(edge.to);
  }
  return needs;
}

}  // namespace encamp
