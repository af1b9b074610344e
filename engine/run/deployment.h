// What `up` and `down` do once it is decided: carry out a plan and keep the journal.
//
//     Deployment facts = journal.deployment().value_or(Deployment{.name = "lab", .id =
//     make_uuid(...)}); facts.tests = site.tests; ... const Outcome outcome = up(make_plan(...),
//     facts, environment); return exit_code(outcome, signal);
//
// They tell Events all that happens. Error leaves them only when the journal cannot be written.
#pragma once

#include "engine/plan/plan.h"
#include "engine/run/environment.h"
#include "engine/run/outcome.h"
#include "engine/state/deployment.h"

namespace encamp {

/// Carries out `plan`. `facts` is what the journal shall say of the deployment: name and id, and
/// the site's tests and outputs, pending values included.
/// REQUIRES: the journal's lock is held; so for all below.
Outcome up(const Plan& plan, Deployment facts, Environment& environment);

/// Removes everything that the journal knows and ends the deployment when nothing is left. Needs
/// no description. A deployment that is not there is nothing to do.
Outcome down(Environment& environment);

}  // namespace encamp
