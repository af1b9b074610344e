// The way into a node of a deployment, as the journal knows it.
#pragma once

#include <string>

#include "engine/state/journal.h"
#include "engine/world/guest.h"

namespace encamp {

/// Throws Error(NotFound) when the node has no address yet or its keys are not there.
Login login_of(Journal& journal, const Record& node);

}  // namespace encamp
