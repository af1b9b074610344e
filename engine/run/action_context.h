// The Context of one action: what a component may use while the runner carries it out.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/component/context.h"
#include "engine/description/expression.h"
#include "engine/run/environment.h"
#include "engine/run/mask.h"
#include "engine/state/deployment.h"

namespace encamp {

/// The records of a run as they are by now. Threads: any.
class RunRecords {
 public:
  explicit RunRecords(const std::vector<Record>& records);

  void put(const Record& record);
  void erase(const Record& record);
  /// Of the latest generation, or nothing.
  std::optional<Record> find(const Address& address) const;
  std::vector<Record> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<Address, int>, Record> records_;
};

/// The calls that may still take effect though nobody waits for them: their answer was lost, or
/// the process that made them died. Threads: any.
class LooseEnds {
 public:
  /// Nothing that was lost so far takes effect after `end`.
  void wait_until(Clock::Instant end);
  /// Nothing when nothing was lost.
  std::optional<Clock::Instant> end() const;

 private:
  mutable std::mutex mutex_;
  std::optional<Clock::Instant> end_;
};

/// What all actions of a run share.
struct RunState {
  /// Opens the secrets of facts and rows.
  RunState(Environment& world, Deployment facts, const std::vector<Record>& rows);

  Environment& environment;
  Secret::Key key;  ///< Of the deployment's secrets; nothing when it has none.
  Mask mask;        ///< Of all secrets that are open.
  MaskedEvents events;
  MaskedReport evidence;
  Deployment deployment;
  RunRecords records;
  LooseEnds loose_ends;
  /// Marks the lives that begin in this run (kLifeNote).
  const std::string life = make_uuid(environment.world.random());
};

/// Answers the attributes of what is present by now, chosen and late ones. `state` is borrowed.
Lookup lookup_in(const RunState& state);

/// A key pair of the deployment, made when there is none of that name. Threads: one at a time for
/// one name.
SshKey deployment_key(Environment& environment, const std::string& name);

/// The inside of a node. `name` is the node's address.
Guest& guest_of(Environment& environment, const Record& node, Clock::Instant deadline);

class ActionContext : public Context {
 public:
  /// `record` is changed by note(); everything is borrowed.
  ActionContext(RunState& state, Record& record, std::string verb);

  void begin_attempt(Clock::Instant deadline);
  /// Whether the component asked for a receipt in this attempt: how it ends is how a command ended
  /// that must not run again. An earlier attempt may have run it and not heard of its end.
  bool gave_receipt() const { return gave_receipt_; }

  const Owner& owner() const override { return owner_; }
  const std::string& deployment() const override { return state_->deployment.name; }
  Host& host() override { return state_->environment.world.host(record_->host); }
  Workshop& workshop() override { return state_->environment.world.workshop(); }
  Guest& guest() override { return guest_by(deadline_); }
  Guest& guest_by(Clock::Instant deadline) override;
  const Record& record(const Address& address) override;
  std::vector<Record> neighbours() override;
  const Component* find_component(const std::string& name) override {
    return state_->environment.registry.find(name);
  }
  void note(const std::string& name, Value value) override;
  Value keep_secret(const std::string& name, const std::string& text) override;
  std::optional<Value> find_secret(const std::string& name) override;
  void forget_secret(const std::string& name) override {
    state_->environment.journal.forget_secret(record_->address + "." + name);
  }
  std::string random_bytes(std::size_t count) override {
    return state_->environment.world.random().bytes(count);
  }
  /// Text that contains a secret is one: kept, and given back as such.
  Value sealed(const std::string& name, Value value);
  SshKey ssh_key(const std::string& name) override;
  std::vector<std::string> authorized_keys() override {
    return state_->environment.authorized_keys;
  }
  Receipt receipt(const std::string& purpose, const std::string& digest) override;
  Duration late_effects() const override { return state_->environment.late_effects; }
  void lost_answer() override;
  Clock& clock() override { return state_->environment.world.clock(); }
  Clock::Instant deadline() const override { return deadline_; }
  std::stop_token stop() const override { return state_->environment.stop; }
  void progress(const std::string& text) override;

 private:
  RunState* state_;
  Record* record_;
  std::string verb_;
  Owner owner_;
  Clock::Instant deadline_;
  bool gave_receipt_ = false;
  std::map<Address, Record> seen_;  ///< What record() has given references to.
};

/// The note that counts executions: a receipt of a command differs after each known outcome.
inline constexpr const char* kAttemptNote = "attempt";
void count_attempt(Record& record);

}  // namespace encamp
