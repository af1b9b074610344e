#include "engine/bind/print.h"

#include <nlohmann/json.hpp>

namespace encamp {

std::string to_json(const BoundGraph& bound) {
  using Json = nlohmann::ordered_json;
  Json json{{"site", bound.graph.site}, {"deployment", bound.deployment}};
  json["resources"] = Json::array();
  for (const Graph::Vertex v : bound.graph.order) {
    const Resource& resource = bound.graph.resources[v];
    json["resources"].push_back({{"address", resource.address},
                                 {"component", resource.component},
                                 {"host", bound.bindings[v].host},
                                 {"generation", bound.bindings[v].generation},
                                 {"properties", Json::parse(to_json(resource.properties))}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace encamp
