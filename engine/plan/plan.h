// The plan: what has to be done so that the world is as the description says, step by step, each
// with its reason. Made from plain values, it touches nothing.
//
//     + nodes.web          -/+ nodes.db   memory: ...       - networks.old
//
// Order: an action is done after all actions in its `needs`, whose indices are always smaller than
// its own: the order of `actions` is one in which they can be done.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/bind/bind.h"
#include "engine/component/registry.h"

namespace encamp {

struct Action {
  enum class Verb { Keep, Create, Update, Remove };

  int generation = 1;
  Verb verb = Verb::Keep;
  /// Remove and Create of a replacement: the old generation goes, the next one comes. Also of the
  /// items on a replaced node: they have the Create only, for their rows end with the node.
  bool replaces = false;
  /// Remove: nothing is taken away, only the row ends; of shared components (images).
  bool forget = false;
  /// Remove of an item whose node ends too: when that does not run there is nothing to undo on.
  bool node_ends = false;
  std::vector<std::string> reasons;
  /// What it is about, as it was bound. Remove: address, component and node only.
  std::shared_ptr<const Resource> resource;
  /// What is wanted, with choices; values may be pending. Remove: none.
  Properties properties;
  /// The row that this action goes on from: of what is kept, updated, removed, or whose creation
  /// was interrupted. Create of something new: nullptr.
  std::shared_ptr<const Record> record;
  /// Remove of a node: the rows of its items that end with it, without being undone.
  std::vector<Record> within;
  std::string host;
  /// Of Create, Update, Keep: what it needs, all that its row records as needs, but for Removes.
  std::vector<std::size_t> needs;

  const Address& address() const { return resource->address; }
};

struct Plan {
  std::vector<Action> actions;  ///< They share the resources and rows that they were made from.
  std::shared_ptr<const BoundGraph> bound;  ///< Of a teardown: nullptr.

  struct Counts {
    int add = 0;
    int change = 0;
    int remove = 0;
  };
  /// A replacement adds one and removes one. Not counted: rows that only end, and what was removed
  /// already and is only looked at again.
  Counts counts() const;
  bool has_changes() const;  ///< Any count is not 0.
};

/// What was seen of a resource that the journal has as Present.
struct Observation {
  enum class Kind { Seen, Stopped, Gone, Silent };
  Kind kind = Kind::Seen;
  Properties properties = {};  ///< Seen: in the schema's terms; empty when nobody looked inside.
  std::string why = {};        ///< Silent: why nobody could look.
};
using Observations = std::map<Address, Observation>;

/// What the listings of the hosts say about recorded nodes and networks: which are gone or do not
/// run. A host that is not in `hosts` says nothing.
Observations observe(const std::vector<Record>& records, const std::vector<HostOffer>& hosts);

/// How a resource differs from its record by what was seen of it, and what mends it.
/// `component` is the record's.
Change drift_of(const Component& component, const Record& record, const Observation& seen);

/// From what is wanted, what the journal has and what was seen:
///
/// - no row: Create. Row Intended: Create goes on with that generation. Row Removing or Removed:
///   Remove first, then Create of the next generation.
/// - Present: what Component::compare says of the settled properties and the recorded ones. A value
///   that waits for a resource which is not kept: Update, `(known later)`.
/// - Replace: Remove, and Create of the next generation; the items of a replaced node start anew,
///   and a node whose network is replaced is replaced.
/// - row without a wanted resource: Remove.
Plan make_plan(BoundGraph bound, const Registry& registry, std::vector<Record> records,
               const Observations& observations = {});

/// Removes everything, from the journal alone. A component that is not in `registry` counts as not
/// shared.
Plan make_teardown(std::vector<Record> records, const Registry& registry);

}  // namespace encamp
