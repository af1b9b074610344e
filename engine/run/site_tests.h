// Runs the tests of a deployment, as the journal has them: no description is needed.
//
// On one node they run one after another, the node's own first, then the site's in the order of
// the file; on different nodes at once. A test that needs a failed one is skipped, and all are
// when a resource of the site is not there.
#pragma once

#include <string>
#include <vector>

#include "engine/run/environment.h"
#include "engine/run/outcome.h"

namespace encamp {

/// Of one test on one node.
struct TestResult {
  enum class Status { Passed, Failed, Skipped };

  Address address;
  Address node;
  Status status = Status::Skipped;
  std::string why;     ///< What was expected and what was seen, or what it was skipped for.
  std::string output;  ///< At most the 1 MiB that a command's result has.
  std::string errors;
  Duration took{0};
};

struct TestRun {
  std::vector<TestResult> results;  ///< In the order of the file, then of the nodes.
  Outcome outcome;                  ///< tests_failed: one failed, or was skipped.
};

/// Runs the tests called `names` (`page` or `tests.page`), or all when there are none. What they
/// collect goes to `collected`. Throws Error(NotFound) for a name that is no test's.
TestRun run_tests(const std::vector<std::string>& names, Report& collected,
                  Environment& environment);

}  // namespace encamp
