// What is worth keeping when something failed: the message itself, the journals of units, the end
// of the node's console.
#pragma once

#include "engine/error.h"
#include "engine/run/action_context.h"

namespace encamp {

/// `error` in full, with context, detail and hint, as it is kept and shown.
std::string full_text(const Error& error);

/// Keeps evidence of an action on `record` that failed. Throws nothing but Killed.
void keep_evidence(RunState& state, const Record& record, const Error& error);

/// Keeps the end of a node's console and, where someone is logged in already, the journals of its
/// services. `node` is an address; throws nothing but Killed.
void keep_node_evidence(RunState& state, const Address& node);

}  // namespace encamp
