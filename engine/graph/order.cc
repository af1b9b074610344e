#include "engine/graph/order.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/strong_components.hpp>

namespace encamp {
namespace {

using Boost = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, boost::no_property,
                                    boost::property<boost::edge_index_t, std::size_t>>;

Boost boost_graph(std::size_t vertices, const std::vector<NeedPair>& needs) {
  Boost graph(vertices);
  for (std::size_t i = 0; i < needs.size(); ++i)
    boost::add_edge(needs[i].first, needs[i].second, i, graph);
  return graph;
}

// The shortest way from `start` back to it without leaving its knot; breadth first.
std::vector<std::size_t> way_around(const Boost& graph, std::size_t start,
                                    const std::vector<std::size_t>& knot_of,
                                    const std::vector<NeedPair>& needs) {
  const auto index = boost::get(boost::edge_index, graph);
  std::map<std::size_t, std::size_t> reached_by;  // vertex -> edge
  std::deque<std::size_t> queue{start};
  while (!queue.empty() && !reached_by.contains(start)) {
    const std::size_t vertex = queue.front();
    queue.pop_front();
    for (const auto& edge : boost::make_iterator_range(boost::out_edges(vertex, graph))) {
      const std::size_t target = boost::target(edge, graph);
      if (knot_of[target] == knot_of[start] &&
          reached_by.emplace(target, boost::get(index, edge)).second)
        queue.push_back(target);
    }
  }
  std::vector<std::size_t> way;
  if (!reached_by.contains(start))
    return way;
  std::size_t vertex = start;
  do {
    way.push_back(reached_by.at(vertex));
    vertex = needs[way.back()].first;
  } while (vertex != start);
  std::ranges::reverse(way);
  return way;
}

}  // namespace

// Depth first, as Boost's topological_sort does it, without a graph of small pieces of memory:
// sites have a million edges.
std::optional<std::vector<std::size_t>> find_order(std::size_t vertices,
                                                   const std::vector<NeedPair>& needs) {
  std::vector<std::size_t> first(vertices + 1, 0);  // Of each vertex, into `targets`.
  for (const NeedPair& need : needs)
    ++first[need.first + 1];
  for (std::size_t v = 0; v < vertices; ++v)
    first[v + 1] += first[v];
  std::vector<std::size_t> targets(needs.size());
  std::vector<std::size_t> next(first.begin(), first.end() - 1);
  for (const auto& [from, to] : needs)
    targets[next[from]++] = to;
  next.assign(first.begin(), first.end() - 1);

  enum class Mark : char { New, Open, Done };
  std::vector<Mark> marks(vertices, Mark::New);
  std::vector<std::size_t> order;
  order.reserve(vertices);
  std::vector<std::size_t> open;  // From where the search began to where it is.
  for (std::size_t start = 0; start < vertices; ++start) {
    if (marks[start] != Mark::New)
      continue;
    marks[start] = Mark::Open;
    open.push_back(start);
    while (!open.empty()) {
      const std::size_t at = open.back();
      if (next[at] == first[at + 1]) {
        marks[at] = Mark::Done;
        order.push_back(at);
        open.pop_back();
        continue;
      }
      const std::size_t target = targets[next[at]++];
      if (marks[target] == Mark::Open)
        return std::nullopt;
      if (marks[target] == Mark::New) {
        marks[target] = Mark::Open;
        open.push_back(target);
      }
    }
  }
  return order;
}

std::vector<std::vector<std::size_t>> find_cycles(std::size_t vertices,
                                                  const std::vector<NeedPair>& needs) {
  const Boost graph = boost_graph(vertices, needs);
  std::vector<std::size_t> knot_of(vertices);
  const std::size_t knots = boost::strong_components(
      graph,
      boost::make_iterator_property_map(knot_of.begin(), boost::get(boost::vertex_index, graph)));
  std::vector<std::vector<std::size_t>> cycles;
  std::vector<bool> seen(knots, false);
  for (std::size_t vertex = 0; vertex < vertices; ++vertex) {
    if (seen[knot_of[vertex]])
      continue;
    seen[knot_of[vertex]] = true;
    std::vector<std::size_t> way = way_around(graph, vertex, knot_of, needs);
    if (!way.empty())
      cycles.push_back(std::move(way));
  }
  return cycles;
}

}  // namespace encamp
