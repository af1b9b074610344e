// How a deployment stands, from its journal alone.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/state/deployment.h"
#include "engine/state/record.h"

namespace encamp {

struct Standing {
  std::string
      word;  ///< `up`, `incomplete`, `removing`; `unfinished`: a run goes on, or its process died
  int nodes = 0;
  int resources = 0;
};

Standing standing_of(const std::optional<Deployment>& deployment,
                     const std::vector<Record>& records);

/// The record of the node that people call `name` (or `nodes.name`). Throws Error(NotFound) with
/// the names there are.
const Record& find_node(const std::vector<Record>& records, const std::string& deployment,
                        const std::string& name);

}  // namespace encamp
