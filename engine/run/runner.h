// Carries out a plan: the scheduler says which action is next, an executor runs it, the journal
// knows of every step before the world does.
//
//     intended rows of all that starts now ─┐
//     present rows of all that just ended  ─┴─▶ one commit ─▶ start ─▶ wait for one ─▶ ...
//
// Used by the flows (deployment.h) only.
#pragma once

#include <memory>
#include <vector>

#include "engine/run/job.h"
#include "engine/run/outcome.h"

namespace encamp {

class Runner {
 public:
  Runner(std::shared_ptr<RunState> state, const Plan& plan);

  /// Returns when all is done, skipped, or given up. `batch` is committed with the first rows; what
  /// has not been committed at the end is in `rest`.
  struct Result {
    Outcome outcome;
    Batch rest;
    std::vector<Record> removed;  ///< Rows in Life::Removed, to be looked at again.
  };
  Result run(Batch batch);

 private:
  std::vector<std::size_t> begin_ready();
  bool begin(std::size_t index);
  void begin_items(const Action& node);
  Record row_of(const Action& action) const;
  void launch(std::size_t index);
  bool wait_for_some();
  void stop();
  void finish(std::size_t index);
  void fail(std::size_t index);
  void put(const Record& record);
  void tell(Event::Kind kind, const Job& job, const Error* error = nullptr) const;

  std::shared_ptr<RunState> state_;  ///< Shared with works that may outlive a given-up run.
  Environment* environment_;
  std::vector<std::shared_ptr<Job>> jobs_;  ///< By action.
  Scheduler scheduler_;
  Result result_;
  bool stopping_ = false;
  Clock::Instant give_up_;  ///< When stopping.
};

}  // namespace encamp
