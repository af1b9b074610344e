// The disk with a deployment's journal: it outlives the processes that write it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engine/state/journal.h"

namespace encamp::simulation {

class Process;

struct Store {
  std::optional<Deployment> deployment;
  std::map<std::pair<Address, int>, Record> rows;
  std::map<std::string, std::string> secrets;
  int epoch = 0;
  Process* writer = nullptr;  ///< Who holds the lock.
  bool is_full = false;
};

/// The journal as one process has it open.
class SimulatedJournal : public Journal {
 public:
  /// Takes the lock. Throws Error(Busy) when another living process has it.
  SimulatedJournal(Store& store, Process& process);
  ~SimulatedJournal() override;
  SimulatedJournal(const SimulatedJournal&) = delete;
  SimulatedJournal& operator=(const SimulatedJournal&) = delete;

  std::optional<Deployment> deployment() override { return store_->deployment; }
  std::vector<Record> records() override;
  void commit(const Batch& batch) override;
  std::optional<std::string> find_secret(const std::string& name) override;
  void keep_secret(const std::string& name, const std::string& bytes) override;
  void close(const Batch& last) override;

 private:
  void require_writable() const;
  void apply(const Batch& batch);
  void check_secrets(const Record& record);

  Store* store_;
  Process* process_;
  int epoch_;
  bool closed_ = false;
};

}  // namespace encamp::simulation
