// When a service counts as ready, and waiting for it.
#pragma once

#include <string>

#include "engine/component/context.h"

namespace encamp {

/// Waits until unit `name` is ready as `ready` says, a mapping with one of `port`, `command`, `url`
/// and `log`, and `timeout`; without a mapping, until systemd calls it active.
/// Throws Error(Timeout) with what was waited for, the unit's state and the end of its journal;
/// Error(Failed) likewise as soon as the unit has failed.
void wait_until_ready(const std::string& name, const Value& ready, Context& context);

}  // namespace encamp
