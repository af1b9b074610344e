// What is said at the end of `up`, `down` and `test`.
#pragma once

#include <string>
#include <vector>

#include "engine/run/outcome.h"
#include "engine/state/deployment.h"
#include "src/terminal_lines.h"

namespace encamp {

/// One line: what was done in how long; below it the slowest steps when it took a while.
///
///     done in 42 s: 6 created
///       slowest: images.debian 41 s, nodes.node 0.6 s
std::string summary_of(const Outcome& outcome, const LineStyle& style);

/// The settled outputs, one a line, names padded; and why others are not known.
///
///       url  http://10.64.0.2/
std::string outputs_of(const Deployment& deployment);

/// An output as a script wants it: text as it is, lists and mappings as JSON.
std::string plain_text(const Value& value);

}  // namespace encamp
