// What resolving knows of a site beside its resources: where each value came from and through
// what, and what nodes extend. For people (`encamp show`), not for the stages that follow.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "engine/description/diagnostic.h"
#include "engine/description/value.h"

namespace encamp {

/// Where a value was written, and how it got where it is.
struct Origin {
  Span where;                           ///< Nowhere: a default of the component.
  std::vector<Diagnostic::Note> way;    ///< From a prototype to the node that extends it.
  std::vector<std::string> parameters;  ///< That it was computed from.
};

struct Outline {
  struct Attribute {
    std::string name;
    std::string type;  ///< As it is declared, `list of node`.
    Value value;
    Origin origin;
  };
  struct Prototype {
    std::string name;
    std::vector<std::string> extends;
    std::vector<std::pair<std::string, std::string>> attributes;  ///< Name and type.
  };
  struct Node {
    std::vector<std::string> extends;
    std::vector<Attribute> attributes;
  };

  std::vector<Attribute> parameters;
  std::vector<Prototype> prototypes;
  std::map<Address, Node> nodes;
  std::map<Address, std::string> subjects;  ///< Of items whose text has references, as written.
  std::map<std::pair<Address, std::string>, Origin> origins;  ///< By resource and property.

  /// A resource is known by another address from now on.
  void rename(const Address& from, const Address& to) {
    auto origin = origins.lower_bound({from, std::string()});
    while (origin != origins.end() && origin->first.first == from) {
      origins[{to, origin->first.second}] = std::move(origin->second);
      origin = origins.erase(origin);
    }
  }
};

}  // namespace encamp
