// Brings the files that tests name under `collect` into a report.
#pragma once

#include "engine/description/site.h"
#include "engine/run/action_context.h"

namespace encamp {

/// Keeps what `test` collects from the node it ran on: `PATH`, or `NODE:PATH` of that node. A
/// directory is taken with the files below it. What is not there leaves a note in its place.
void collect_from(Guest& guest, const Test& test, const Record& node, Report& report);

/// Keeps what tests collect from nodes they did not run on. REQUIRES: no test is running.
void collect_from_other_nodes(RunState& state, const std::vector<Test>& tests, Report& report);

}  // namespace encamp
