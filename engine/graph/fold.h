// A graph for people: the copies of a node become one, with all that lies on them.
//
//     nodes.worker-1, nodes.worker-2, nodes.worker-3   become   nodes.worker, three times
#pragma once

#include <map>
#include <set>
#include <utility>

#include "engine/graph/graph.h"

namespace encamp {

struct FoldedGraph {
  Graph graph;                   ///< `order` is that of the first copies.
  std::map<Address, int> times;  ///< How many copies a node stands for; nodes without copies not.
  /// From and to of the edges that close cycles, because of which the graph has no order.
  std::set<std::pair<Graph::Vertex, Graph::Vertex>> cycles;
};

/// Copies are nodes that the same place of the description made. An item that only some of them
/// have is there too, and so is each edge, once.
FoldedGraph fold_copies(const Graph& graph);
/// As it is, copy by copy.
FoldedGraph unfolded(const Graph& graph);

}  // namespace encamp
