#include "tests/simulation/store.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/mutant.h"
#include "engine/state/current_records.h"
#include "tests/simulation/process.h"

namespace encamp::simulation {

SimulatedJournal::SimulatedJournal(Store& store, Process& process)
    : store_(&store), process_(&process) {
  if (store.writer != nullptr && !store.writer->is_dead())
    throw Error(ErrorKind::Busy, "another process works on it");
  store.writer = &process;
  epoch_ = ++store.epoch;
}

SimulatedJournal::~SimulatedJournal() {
  if (store_->writer == process_)
    store_->writer = nullptr;
}

std::vector<Record> SimulatedJournal::records() {
  std::vector<Record> all;
  for (const auto& [key, record] : store_->rows)
    all.push_back(record);
  return all;
}

void SimulatedJournal::require_writable() const {
  if ((store_->epoch != epoch_ && !mutant("no-epoch")) || closed_)
    throw Error(ErrorKind::Conflict, "another process took over the journal");
  if (store_->is_full)
    throw Error(ErrorKind::NoRoom, "the journal's disk is full");
}

void SimulatedJournal::apply(const Batch& batch) {
  if (store_->epoch != epoch_)
    process_->world().violate("a stale writer commits");
  for (const Record& record : batch.put) {
    const auto known = [](const auto& property) { return property.second.is_known(); };
    if (!std::ranges::all_of(record.properties, known))
      process_->world().violate(record.address + " has a property that cannot be recorded");
    if (const auto ours = record.notes.find("ours");
        ours != record.notes.end() && record.component == "package") {
      for (const Value& name : ours->second.list())
        process_->world().noted_packages[Address(node_of(record.address))].insert(name.text());
    }
    if (record.life == encamp::Life::Present)
      process_->world().check_ran(record);
    if (store_->secrets.contains("digests"))
      check_secrets(record);
    if (record.life == encamp::Life::Gone)
      store_->rows.erase({record.address, record.generation});
    else
      store_->rows[{record.address, record.generation}] = record;
  }
  if (batch.deployment)
    store_->deployment = batch.deployment;
}

// None is in a row in the open, and each that the row of something present refers to is kept.
void SimulatedJournal::check_secrets(const Record& record) {
  for (const Properties* values : {&record.properties, &record.attributes, &record.notes}) {
    for (const auto& [name, value] : *values) {
      const Secret* secret = encamp::find_secret(value);
      if (secret == nullptr && !value.is_text())
        continue;
      if (secret == nullptr)
        process_->world().check_open(value.text(), "the row of " + record.address);
      else if (record.life == encamp::Life::Present && !store_->secrets.contains(secret->name()))
        process_->world().violate(
            fmt::format("{} of {} is secret and was not kept", name, record.address));
    }
  }
}

// A local disk loses no replies: it commits or refuses, and the process may die before or after.
void SimulatedJournal::commit(const Batch& batch) {
  const Fate fate = process_->begin("commit", "");
  process_->pause(fate.before);
  if (fate.fault == Fault::DiesBefore || fate.fault == Fault::DiesLate) {
    process_->die(fate.point);
    throw Killed{};
  }
  require_writable();
  apply(batch);
  if (process_->world().is_traced()) {
    for (const Record& record : batch.put)
      process_->world().write(fmt::format("    row {} {}: {}", record.address, record.generation,
                                          to_string(record.life)));
  }
  process_->world().look();
  if (fate.fault == Fault::DiesAfter)
    process_->die(fate.point);
  process_->pause(fate.after);
}

std::optional<std::string> SimulatedJournal::find_secret(const std::string& name) {
  const auto found = store_->secrets.find(name);
  return found == store_->secrets.end() ? std::nullopt : std::optional(found->second);
}

void SimulatedJournal::keep_secret(const std::string& name, const std::string& bytes) {
  const Fate fate = process_->begin("keep_secret", name);
  if (fate.fault == Fault::DiesBefore) {
    process_->die(fate.point);
    throw Killed{};
  }
  require_writable();
  store_->secrets[name] = bytes;
  if (fate.fault == Fault::DiesAfter)
    process_->die(fate.point);
  process_->pause(fate.after);
}

void SimulatedJournal::close(const Batch& last) {
  const Fate fate = process_->begin("close", "");
  process_->pause(fate.before);
  if (fate.fault == Fault::DiesBefore || fate.fault == Fault::DiesLate) {
    process_->die(fate.point);
    throw Killed{};
  }
  require_writable();
  apply(last);
  if (!store_->rows.empty())
    process_->world().violate("the journal is closed with " + store_->rows.begin()->first.first);
  store_->rows.clear();
  store_->deployment.reset();
  store_->secrets.clear();
  closed_ = true;
  process_->world().write("    the deployment is closed");
  process_->world().look();
  if (fate.fault == Fault::DiesAfter)
    process_->die(fate.point);
  process_->pause(fate.after);
}

}  // namespace encamp::simulation
