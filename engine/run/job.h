// One action on its way: what the runner decided before it began, and what came of it.
#pragma once

#include <optional>
#include <string>

#include "engine/component/component.h"
#include "engine/plan/plan.h"
#include "engine/run/action_context.h"

namespace encamp {

struct Job {
  Action action;
  const Component* component = nullptr;
  std::string verb;  ///< create, update, replace, remove.
  Record before;     ///< The row as the component gets it: of an update, the old properties.
  Record record;     ///< The row as the journal has it.

  // What came of it.
  bool launched = false;
  Attributes attributes;
  std::optional<Error> error;
  Duration took{0};
};

/// The word for people: `create`, `update`, `replace` or `remove`.
std::string verb_of(const Action& action);

/// Does what `job` says, with as many attempts as its resource has. Whatever fails is in
/// `job.error`, with evidence kept; only Killed leaves it. Threads: one for one job.
void carry_out(RunState& state, Job& job);

}  // namespace encamp
