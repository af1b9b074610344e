// From a checked description to a plan for one deployment: looks at the hosts, binds, compares.
#pragma once

#include "engine/bind/bind.h"
#include "engine/plan/plan.h"
#include "engine/state/journal.h"
#include "src/deployments.h"
#include "src/description.h"
#include "src/local_hosts.h"
#include "src/local_world.h"
#include "src/waiting.h"

namespace encamp {

struct Prepared {
  Deployment facts;  ///< What the journal shall say of the deployment.
  Plan plan;
};

struct PrepareInput {
  const Description& description;  ///< REQUIRES: is good.
  LocalWorld& world;
  const HostsFile& hosts;
  const Deployments& deployments;        ///< Those whose reservations count.
  Journal* journal = nullptr;            ///< Of the deployment, when there is one.
  Reservations* reservations = nullptr;  ///< What all have set aside.
  Waiting* waiting = nullptr;            ///< Who finds no room waits; without it, is refused.
  bool observe = false;                  ///< Look inside what stands, too.
  int parallel = 0;                      ///< So many nodes at once; 0: the engine's default.
};

enum class Reserve {
  No,   ///< Only to see.
  Yes,  ///< What was chosen is set aside for this deployment.
};

/// REQUIRES for Reserve::Yes: the journal's lock is held. Throws Error when a host does not answer
/// or has no room; mistakes that only hosts show (addresses) are printed, then WrongInput.
Prepared prepare(Program& program, const PrepareInput& input, Reserve reserve);

}  // namespace encamp
