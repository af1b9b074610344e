#include "tests/support/memory_journal.h"

#include <stdexcept>

namespace encamp::test {

std::optional<Deployment> MemoryJournal::deployment() {
  const std::lock_guard lock(mutex_);
  return deployment_;
}

std::vector<Record> MemoryJournal::records() {
  const std::lock_guard lock(mutex_);
  std::vector<Record> all;
  for (const auto& [key, record] : records_)
    all.push_back(record);
  return all;
}

void MemoryJournal::commit(const Batch& batch) {
  faults_->call("commit", [&] {
    const std::lock_guard lock(mutex_);
    apply(batch);
  });
}

void MemoryJournal::apply(const Batch& batch) {
  if (closed_)
    throw Error(ErrorKind::Conflict, "the journal is closed");
  for (const Record& record : batch.put) {
    // A journal keeps what JSON keeps: a value that is still pending must not get here, and of a
    // secret there is no text.
    Record kept = record;
    for (Properties* values : {&kept.properties, &kept.attributes, &kept.notes})
      *values = map_from_json(to_json(*values));
    if (kept.properties != record.properties)
      throw std::logic_error(record.address + " has a property that cannot be recorded");
    if (record.life == Life::Gone)
      records_.erase({record.address, record.generation});
    else
      records_[{record.address, record.generation}] = std::move(kept);
  }
  if (batch.deployment)
    deployment_ = deployment_from_json(to_json(*batch.deployment));
}

std::optional<std::string> MemoryJournal::find_secret(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = secrets_.find(name);
  return found == secrets_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryJournal::keep_secret(const std::string& name, const std::string& bytes) {
  faults_->call("keep_secret", [&] {
    const std::lock_guard lock(mutex_);
    if (closed_)
      throw Error(ErrorKind::Conflict, "the journal is closed");
    secrets_[name] = bytes;
  });
}

void MemoryJournal::forget_secret(const std::string& name) {
  faults_->call("forget_secret", [&] {
    const std::lock_guard lock(mutex_);
    secrets_.erase(name);
  });
}

void MemoryJournal::close(const Batch& last) {
  faults_->call("close", [&] {
    const std::lock_guard lock(mutex_);
    if (closed_ && last.empty())
      return;  // Nothing is left to end.
    const auto before = records_;
    apply(last);
    if (!records_.empty()) {
      const Address left = records_.begin()->first.first;
      records_ = before;
      throw Error(ErrorKind::Conflict, "the journal still has " + left);
    }
    deployment_.reset();
    secrets_.clear();
    closed_ = true;
  });
}

bool MemoryJournal::is_closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

}  // namespace encamp::test
