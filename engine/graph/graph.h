// The graph of a site: everything that shall exist, written or implied, and what needs what.
//
//     networks.lan <-- nodes.head <-- nodes.head.software.slurmctld <-- nodes.worker-1.software...
//
// An edge A -> B says: A needs B, B first. Every edge knows why it is there and which place of the
// description made it, so that a cycle can be shown edge by edge.
//
// A plain value: made by compile() (compile.h), printed by print.h, bound by bind() (bind/bind.h).
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "engine/description/site.h"

namespace encamp {

struct Graph {
  /// Index of a resource in `resources`.
  using Vertex = std::size_t;

  struct Edge {
    Vertex from = 0;  ///< Needs
    Vertex to = 0;    ///< this one, which is realized first.
    std::string reason;
    Span where;
  };

  std::string site;                 ///< Name of the deployment.
  std::string domain;               ///< Of its hostnames.
  std::vector<Resource> resources;  ///< In the order of the file, then the implied ones.
  std::vector<Edge> edges;          ///< By `from`, ascending.
  /// Every vertex after all that it needs, in the order of the file where that leaves a choice.
  std::vector<Vertex> order;

  /// Linear; nullptr when there is none.
  const Resource* find(const Address& address) const;
  /// Those of one vertex; logarithmic.
  std::span<const Edge> edges_from(Vertex vertex) const;
  /// What each vertex needs directly, each once: `needs()[v]`.
  std::vector<std::vector<Vertex>> needs() const;
};

}  // namespace encamp
