// Asking the user before something is changed.
#pragma once

#include <string>

#include "src/program.h"

namespace encamp {

/// Whether to go on. Asks only when both a person can answer (standard input is a terminal) and
/// can read the question; elsewhere, and with `yes`, the answer is yes. Anything but `y` or `yes`
/// is no, an interrupt too.
bool may_go_on(Program& program, const std::string& question, bool yes);

}  // namespace encamp
