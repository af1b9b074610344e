// Sites and graphs as text, for `encamp graph`.
#pragma once

#include <string>

#include "engine/graph/fold.h"
#include "engine/graph/graph.h"

namespace encamp {

/// One line per resource in the order of realization, below it one line per need with its reason.
/// Copies that are folded stand in one line, `nodes.worker ×40`.
std::string to_text(const FoldedGraph& folded);

/// Graphviz; what lies on a node is drawn inside it. An edge points at what is needed; its reason
/// is shown when the pointer rests on it, and beside it where it leads to another node. The edges
/// of a cycle are red.
std::string to_dot(const FoldedGraph& graph);

/// JSON, indented by two. Places are left out.
std::string to_json(const Graph& graph);
std::string to_json(const Site& site);

}  // namespace encamp
