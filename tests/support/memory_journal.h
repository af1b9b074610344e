// A journal in memory. It outlives the "process" that writes it; each commit is a call at which
// that process can die. Threads: any.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "engine/state/journal.h"
#include "tests/support/faults.h"

namespace encamp::test {

class MemoryJournal : public Journal {
 public:
  explicit MemoryJournal(Faults& faults) : faults_(&faults) {}

  std::optional<Deployment> deployment() override;
  std::vector<Record> records() override;
  void commit(const Batch& batch) override;
  std::optional<std::string> find_secret(const std::string& name) override;
  void keep_secret(const std::string& name, const std::string& bytes) override;
  void forget_secret(const std::string& name) override;
  void close(const Batch& last) override;

  /// Whether close() has ended the deployment.
  bool is_closed() const;

 private:
  void apply(const Batch& batch);

  Faults* faults_;
  mutable std::mutex mutex_;  ///< Of all below.
  std::optional<Deployment> deployment_;
  std::map<std::pair<Address, int>, Record> records_;
  std::map<std::string, std::string> secrets_;
  bool closed_ = false;
};

}  // namespace encamp::test
