// Plans as text.
#pragma once

#include <string>

#include "engine/plan/plan.h"

namespace encamp {

/// What changes, one line each with its reasons below it, and the sum. What is kept is left out.
///
///       + nodes.web
///       ~ nodes.db.software['file /etc/db.conf']
///           content: "a" -> "b"
///     -/+ nodes.db
///       - networks.old
///
///     Plan: 1 to add, 1 to change, 1 to remove.
std::string to_text(const Plan& plan);

/// JSON, indented by two: every action, also what is kept, with indices of what it needs.
std::string to_json(const Plan& plan);

}  // namespace encamp
