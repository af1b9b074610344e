#include "engine/run/action_context.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "engine/bind/bind.h"
#include "engine/mutant.h"
#include "engine/state/current_records.h"
#include "engine/state/secrets.h"

namespace encamp {
namespace {

std::string digest_of(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  std::string hex;
  for (unsigned i = 0; i < 16; ++i)
    hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// Empty in a row that was written without.
std::string life_of(const Record& record) {
  const auto note = record.notes.find(kLifeNote);
  return note == record.notes.end() ? std::string() : note->second.text();
}

std::int64_t attempt_of(const Record& record) {
  const auto note = record.notes.find(kAttemptNote);
  return note == record.notes.end() ? 1 : note->second.integer();
}

}  // namespace

void count_attempt(Record& record) {
  record.notes[kAttemptNote] = attempt_of(record) + 1;
}

RunRecords::RunRecords(const std::vector<Record>& records) {
  for (const Record& record : records)
    put(record);
}

void RunRecords::put(const Record& record) {
  const std::lock_guard lock(mutex_);
  records_[{record.address, record.generation}] = record;
}

void RunRecords::erase(const Record& record) {
  const std::lock_guard lock(mutex_);
  records_.erase({record.address, record.generation});
}

std::optional<Record> RunRecords::find(const Address& address) const {
  const std::lock_guard lock(mutex_);
  auto next = records_.upper_bound({address, std::numeric_limits<int>::max()});
  if (next == records_.begin() || (--next)->first.first != address)
    return std::nullopt;
  return next->second;
}

std::vector<Record> RunRecords::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Record> all;
  for (const auto& [key, record] : records_)
    all.push_back(record);
  return all;
}

void LooseEnds::wait_until(Clock::Instant end) {
  const std::lock_guard lock(mutex_);
  end_ = end_ ? std::max(*end_, end) : end;
}

std::optional<Clock::Instant> LooseEnds::end() const {
  const std::lock_guard lock(mutex_);
  return end_;
}

RunState::RunState(Environment& world, Deployment facts, const std::vector<Record>& rows)
    : environment(world),
      key(find_secret_key(world.journal)),
      events(mask, world.events),
      evidence(mask, world.evidence),
      deployment(open_secrets(std::move(facts), world.journal, key)),
      records(open_secrets(rows, world.journal, key)) {
  for (const Record& record : records.all()) {
    for (const auto* values : {&record.properties, &record.attributes, &record.notes}) {
      for (const auto& [name, value] : *values)
        mask.add(value);
    }
  }
  for (const Test& test : deployment.tests) {
    for (const auto& [name, value] : test.command)
      mask.add(value);
  }
}

Lookup lookup_in(const RunState& state) {
  return [&state](const Address& address, const std::string& name) -> std::optional<Value> {
    const std::optional<Record> record = state.records.find(address);
    if (!record)
      return std::nullopt;
    const auto late = record->attributes.find(name);
    if (record->life == Life::Present && late != record->attributes.end())
      return late->second;
    return chosen_attribute(record->component, record->properties, name);
  };
}

SshKey deployment_key(Environment& environment, const std::string& name) {
  // The public half is kept first: where the private one is, both are.
  std::optional<std::string> private_key = environment.journal.find_secret(name);
  std::optional<std::string> public_key = environment.journal.find_secret(name + ".pub");
  if (private_key && public_key)
    return {*private_key, *public_key};
  const SshKey made = environment.world.make_ssh_key();
  environment.journal.keep_secret(name + ".pub", made.public_key);
  environment.journal.keep_secret(name, made.private_key);
  return made;
}

Guest& guest_of(Environment& environment, const Record& node, Clock::Instant deadline) {
  if (Guest* open = environment.connections.find(node.address))
    return *open;
  const auto reported = node.attributes.find("ssh_host_key");
  const std::string host_key = reported != node.attributes.end()
                                   ? reported->second.text()
                                   : deployment_key(environment, node.address).public_key;
  return environment.connections.get(node, host_key, deployment_key(environment, "ssh").private_key,
                                     deadline, environment.stop);
}

ActionContext::ActionContext(RunState& state, Record& record, std::string verb)
    : state_(&state),
      record_(&record),
      verb_(std::move(verb)),
      owner_{state.deployment.id, record.address, record.generation},
      deadline_(state.environment.world.clock().now() + state.environment.timeout) {}

void ActionContext::begin_attempt(Clock::Instant deadline) {
  deadline_ = deadline;
  if (!mutant("receipt-of-any-attempt"))
    gave_receipt_ = false;
}

Guest& ActionContext::guest_by(Clock::Instant deadline) {
  const Address node(node_of(record_->address));
  if (node.empty())
    throw Error(ErrorKind::Failed, record_->address + " lies on no node");
  return guest_of(state_->environment, node == record_->address ? *record_ : record(node),
                  deadline);
}

const Record& ActionContext::record(const Address& address) {
  if (const auto seen = seen_.find(address); seen != seen_.end())
    return seen->second;
  std::optional<Record> found = state_->records.find(address);
  if (!found)
    throw Error(ErrorKind::NotFound,
                fmt::format("{} needs {}, which is not there", record_->address, address));
  return seen_.emplace(address, std::move(*found)).first->second;
}

std::vector<Record> ActionContext::neighbours() {
  std::vector<Record> all = state_->records.all();
  std::erase_if(all, [this](const Record& other) {
    return other.component != record_->component || other.address == record_->address ||
           node_of(other.address) != node_of(record_->address) || !is_standing(other);
  });
  return all;
}

void ActionContext::note(const std::string& name, Value value) {
  record_->notes[name] = sealed("note." + name, std::move(value));
  state_->environment.journal.commit({.put = {*record_}});
  state_->records.put(*record_);
}

Value ActionContext::keep_secret(const std::string& name, const std::string& text) {
  const Secret secret(text, state_->key, record_->address + "." + name);
  state_->mask.add(secret);
  state_->environment.journal.keep_secret(secret.name(), text);
  return secret;
}

std::optional<Value> ActionContext::find_secret(const std::string& name) {
  const std::string full = record_->address + "." + name;
  std::optional<std::string> text = state_->environment.journal.find_secret(full);
  if (!text)
    return std::nullopt;
  const Secret secret(std::move(*text), state_->key, full);
  state_->mask.add(secret);
  return secret;
}

Value ActionContext::sealed(const std::string& name, Value value) {
  return value.is_text() && state_->mask.hides(value.text()) ? keep_secret(name, value.text())
                                                             : value;
}

SshKey ActionContext::ssh_key(const std::string& name) {
  return deployment_key(state_->environment, name);
}

Receipt ActionContext::receipt(const std::string& purpose, const std::string& digest) {
  gave_receipt_ = true;
  return {digest_of(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", owner_.deployment, owner_.address,
                                owner_.generation, purpose, digest, attempt_of(*record_),
                                mutant("life-forgotten") ? std::string() : life_of(*record_)))};
}

void ActionContext::lost_answer() {
  if (!mutant("lost-answer-forgotten"))
    state_->loose_ends.wait_until(clock().now() + late_effects());
}

void ActionContext::progress(const std::string& text) {
  state_->events.on({.kind = Event::Kind::ActionProgress,
                     .address = record_->address,
                     .verb = verb_,
                     .text = text});
}

}  // namespace encamp
