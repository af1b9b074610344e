// What a deployment consists of and how it is, one screen of it: a line for each node, copies that
// are all the same in one, and below a node only those of its items with which something is wrong.
//
//     networks.lan          present  10.64.0.0/24
//     nodes.head            present  10.64.0.10                 5 items
//     nodes.worker-[1-39]   present  10.64.0.11 to 10.64.0.49   4 items
//     nodes.worker-40       stopped  10.64.0.50                 4 items
//         is not running
#pragma once

#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "engine/plan/plan.h"
#include "engine/state/record.h"

namespace encamp {

/// One word on a resource, and why.
struct Condition {
  /// As the journal has it (`present`), or what was seen of it: `stopped`, `gone`, `drift`,
  /// `silent`.
  std::string word;
  std::vector<std::string> reasons;
  bool is_well() const { return word == "present"; }
};

Condition condition_of(const Record& record, const Observations& seen, const Registry& registry);

/// A node's address, a network's subnet; empty for others.
std::string address_shown(const Record& record);

/// `records` by address, as a journal gives them.
std::string status_lines(const std::vector<Record>& records, const Observations& seen,
                         const Registry& registry);

}  // namespace encamp
