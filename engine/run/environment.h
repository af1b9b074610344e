// All that carrying out a plan works with. Borrowed: everything outlives the call. After a call
// that left work behind (Outcome::abandoned) it must outlive that work too: then leave the process
// by std::_Exit.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "engine/run/connections.h"
#include "engine/run/events.h"
#include "engine/run/report.h"
#include "engine/run/scheduler.h"
#include "engine/state/journal.h"
#include "engine/world/executor.h"
#include "engine/world/world.h"

namespace encamp {

struct Environment {
  World& world;
  Journal& journal;
  const Registry& registry;
  Executor& executor;
  Events& events;
  Connections& connections;
  Report& evidence;                          ///< Of what failed.
  std::vector<std::string> authorized_keys;  ///< The deployer's public keys.
  std::stop_token stop;                      ///< The first Ctrl-C.

  Bounds bounds = {};
  /// `up --again`: whose command runs again though nobody can tell whether it ran.
  std::vector<Address> again = {};
  Duration timeout = std::chrono::minutes(10);  ///< Of an action that says none.
  Duration grace = std::chrono::seconds(5);     ///< For running calls after `stop`.
  /// How long after its process died a call may still take effect on a host.
  Duration late_effects = std::chrono::seconds(5);
};

}  // namespace encamp
