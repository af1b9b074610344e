// A deployment's secrets on their way between its journal's `secrets/` and values in memory. Rows
// and facts hold them closed: a digest, and a name where the text is kept.
#pragma once

#include <string>
#include <vector>

#include "engine/state/journal.h"
#include "engine/world/clock.h"

namespace encamp {

/// The key that digests of this deployment's secrets are made with; nothing while it has none.
Secret::Key find_secret_key(Journal& journal);
/// Likewise; makes it when there is none, durable before it returns. Threads: one.
Secret::Key secret_key(Journal& journal, Random& random);

/// `value` with each secret in it open, as far as its text is kept; the others get the key.
Value open_secrets(const Value& value, Journal& journal, const Secret::Key& key);
std::vector<Record> open_secrets(std::vector<Record> records, Journal& journal,
                                 const Secret::Key& key);
/// Of the tests: what they run and expect.
Deployment open_secrets(Deployment deployment, Journal& journal, const Secret::Key& key);

/// `value` with each secret in it that has no name kept under `name` and a number, so that it can
/// be opened again: durable before it returns. REQUIRES: they are open.
Value keep_secrets(const Value& value, const std::string& name, Journal& journal);
/// Likewise with what its tests run and expect.
Deployment keep_secrets(Deployment deployment, Journal& journal);

}  // namespace encamp
