// The journal of one deployment: what of it exists, on disk before it does.
//
//     journal.commit({.put = {record}});      // life Intended, its claims listed
//     ... the thing is made ...
//     record.life = Life::Present;
//     journal.commit({.put = {record}});
//
// Threads: any, at the same time. Implementations: src/sqlite_journal.h,
// tests/support/memory_journal.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/state/deployment.h"
#include "engine/state/record.h"

namespace encamp {

/// Changes that become durable together or not at all.
struct Batch {
  std::vector<Record> put;  ///< Replace the row of that address and generation; Gone erases it.
  std::optional<Deployment> deployment;  ///< Replaces what is known of it.

  bool empty() const { return put.empty() && !deployment; }
};

class Journal {
 public:
  virtual ~Journal() = default;

  /// Nothing before the first commit that tells.
  virtual std::optional<Deployment> deployment() = 0;
  virtual std::vector<Record> records() = 0;  ///< By address and generation.

  /// Durable before it returns. Throws Error(Conflict) when another writer took over since this
  /// one began, Error(NoRoom) or Error(Denied) when it cannot be written; then nothing changed, but
  /// where the disk's last sync is what failed: then all of it may have.
  virtual void commit(const Batch& batch) = 0;

  /// A secret of the deployment: a private key, a password. keep_secret() replaces one of that
  /// name; durable before it returns. Names are any text.
  virtual std::optional<std::string> find_secret(const std::string& name) = 0;
  virtual void keep_secret(const std::string& name, const std::string& bytes) = 0;
  /// Gone is no error. By default only its bytes are gone.
  virtual void forget_secret(const std::string& name) { keep_secret(name, {}); }

  /// Commits `last`, after which no record may be left, and ends the deployment, in one
  /// transaction: secrets and the directory itself go, its name is free. Nothing can be committed
  /// afterwards. Where nothing was ever committed it only tidies up. Throws Error(Conflict) when a
  /// record would be left; nothing changed then. Closing again with nothing is no error.
  virtual void close(const Batch& last) = 0;
};

}  // namespace encamp
