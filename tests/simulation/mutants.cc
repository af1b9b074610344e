#include "tests/simulation/mutants.h"

#include <string>

#include "engine/mutant.h"

namespace encamp {
namespace {

std::string active;  // Set before anything runs.

}  // namespace

bool mutant(std::string_view name) {
  return !active.empty() && active == name;
}

namespace simulation {

void activate_mutant(const std::string& name) {
  active = name;
}

const std::vector<std::string>& mutant_names() {
  static const std::vector<std::string> names{
      "row-after-create",
      "no-verify",
      "no-late-wait",
      "forget-the-owner",
      "network-before-nodes",
      "undo-without-order",
      "new-receipt",
      "receipt-of-any-attempt",
      "lost-answer-forgotten",
      "removed-is-forgotten",
      "product-keeps-receipt",
      "guest-is-the-only-claim",
      "same-generation",
      "needs-ignored",
      "failure-skips-nothing",
      "disk-is-left",
      "present-too-early",
      "full-disk-is-ignored",
      "ignore-stopped",
      "close-early",
      "down-needs-nodes",
      "no-wait-for-image",
      "repeat-at-once",
      "life-forgotten",
      "no-epoch",
      "shared-packages-go",
      "item-repeats-at-once",
  };
  return names;
}

}  // namespace simulation
}  // namespace encamp
