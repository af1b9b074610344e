// What came of carrying something out, and the program's exit code for it.
#pragma once

#include <string>
#include <vector>

#include "engine/description/address.h"
#include "engine/description/quantity.h"
#include "engine/error.h"

namespace encamp {

struct Failure {
  Address address;
  std::string verb;  ///< create, update, replace, remove.
  Error error;
};

struct Timing {
  Address address;
  std::string verb;
  Duration took{0};
};

struct Outcome {
  int created = 0;
  int updated = 0;
  int removed = 0;
  int tested = 0;  ///< Tests that ran, each once a node.
  std::vector<Failure> failures;
  std::vector<Address> skipped;  ///< Because of a failure.
  std::vector<Address> left;     ///< Could not be removed; still in the journal.
  bool tests_failed = false;
  bool interrupted = false;
  int abandoned = 0;  ///< Calls that had not ended when the grace was over.
  Duration total{0};
  std::vector<Timing> slowest;  ///< At most five, the slowest first.

  bool succeeded() const {
    return failures.empty() && skipped.empty() && left.empty() && !tests_failed && !interrupted;
  }
  /// For people: `3 created, 1 failed`. Tests are told apart and not in it.
  std::string summary() const;
};

/// Adds `later` to `first`: of `up`, tests and `down` in one command.
Outcome combine(Outcome first, const Outcome& later);

/// 0 done; 1 the world failed; 3 tests failed; 4 not everything was removed; 128 + `signal` when
/// interrupted. Where several hold: 4, then the signal, then 1, then 3.
int exit_code(const Outcome& outcome, int signal);

}  // namespace encamp
