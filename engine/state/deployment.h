// What the journal knows of a deployment beside its resources: enough to run its tests and show
// its outputs without the description.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/description/expression.h"
#include "engine/description/site.h"
#include "engine/world/clock.h"

namespace encamp {

struct Deployment {
  /// The last `up` or `down` that changed it.
  struct Run {
    std::string verb;
    Clock::WallTime began;
    std::optional<Clock::WallTime> ended;  ///< Nothing: it is going on, or its process died.
    bool succeeded = false;
    /// The answer to a call of it, or of a run shortly before, was lost: it may still take effect.
    bool has_loose_ends = false;
    std::string summary;  ///< For people: `3 created, 1 failed`.
  };

  std::string name;  ///< Of its directory, of things on hosts; a DNS label.
  std::string id;    ///< Random UUID, chosen once.
  std::string site;  ///< As the description calls itself.
  std::string domain;
  std::string description;                      ///< Path of the file it was last made from,
  std::map<std::string, std::string> settings;  ///< and the parameters it was given then.
  Clock::WallTime created;
  std::vector<Test> tests;      ///< Settled. Places (`where`) are not kept.
  std::vector<Output> outputs;  ///< Settled.
  /// The tests and outputs (`outputs.url`) that cannot be settled, because what they refer to is
  /// not there: with that reference, `nodes.key.software.number.output`.
  std::map<Address, std::string> unsettled;
  std::optional<Run> last_run;
};

/// Returns `deployment` with tests and outputs settled as far as `lookup` can; what remains moves
/// to `unsettled`. `lookup` is of expression.h.
Deployment settle(Deployment deployment, const Lookup& lookup);

/// JSON for the journal. from_json() throws std::invalid_argument.
std::string to_json(const Deployment& deployment);
Deployment deployment_from_json(std::string_view json);

}  // namespace encamp
