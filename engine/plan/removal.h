// The part of a plan that takes things away, and its order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/graph/order.h"
#include "engine/plan/plan.h"

namespace encamp {

/// A row that ends.
struct Ending {
  const Record* record = nullptr;
  bool replaces = false;
  std::vector<std::string> reasons;
};

/// The Remove actions for `endings`, which are of `records`, in their order. An item whose node
/// ends too has an action of its own only when it has `undo`, its node is removed for good and may
/// still be reached; otherwise it is in the node's `within`. An item whose node has no row just
/// ends.
std::vector<Action> make_removals(const std::vector<Ending>& endings, const Registry& registry,
                                  std::shared_ptr<const std::vector<Record>> records);

/// What the recorded needs say about the order of removal, as pairs of indices into `actions`
/// (first after second):
///
/// - a node after the nodes whose own needs name it or something on it, and after every item with
///   `undo` that needs something on it; other nodes are removed at the same time;
/// - an item after the items that need it;
/// - everything else (networks, storage) after all that needs it;
/// - what is not wanted any more after the updates of what needed it.
///
/// They are wishes: rows of different times may disagree, so who uses them leaves out what would
/// close a cycle.
std::vector<NeedPair> removal_order(const std::vector<Action>& actions);

}  // namespace encamp
