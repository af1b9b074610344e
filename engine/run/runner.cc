#include "engine/run/runner.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/description/expression.h"
#include "engine/mutant.h"
#include "engine/run/evidence.h"
#include "engine/state/secrets.h"

namespace encamp {
namespace {

/// How long an item takes that starts nothing, when nobody knows better: a call to its node.
constexpr Duration kCall{50};

std::vector<Step> steps_of(const Plan& plan, const Registry& registry) {
  std::vector<Step> steps;
  for (const Action& action : plan.actions) {
    Step step{
        .needs = action.needs, .host = action.host, .lane = Address(node_of(action.address()))};
    const bool is_item = !step.lane.empty() && step.lane != action.address();
    const Component* component = registry.find(action.resource->component);
    if (action.verb == Action::Verb::Keep || action.forget)
      step.estimate = Duration(0);
    else if (action.record && action.record->took > Duration(0))
      step.estimate = action.record->took;
    else if (is_item && component != nullptr && !component->schema().runs)
      step.estimate = kCall;
    step.heavy = action.verb == Action::Verb::Create && !is_item;
    steps.push_back(std::move(step));
  }
  return steps;
}

// What a value that is not known yet waits for.
Error unknown_value(const Properties& properties) {
  for (const auto& [name, value] : properties) {
    for (const AttributeReference& reference : pending_references(value))
      return Error(ErrorKind::Failed, fmt::format("'{}' cannot be told: {} did not report '{}'",
                                                  name, reference.address, reference.attribute));
  }
  return Error(ErrorKind::Failed, "a property is not known");
}

bool is_known(const Properties& properties) {
  return std::ranges::all_of(properties, [](const auto& p) { return p.second.is_known(); });
}

}  // namespace

Runner::Runner(std::shared_ptr<RunState> state, const Plan& plan)
    : state_(std::move(state)),
      environment_(&state_->environment),
      scheduler_(steps_of(plan, environment_->registry), environment_->bounds) {
  for (const Action& action : plan.actions) {
    auto job = std::make_shared<Job>();
    job->action = action;
    job->verb = verb_of(action);
    if (action.record)
      job->record = *action.record;
    job->record.address = action.address();
    job->record.generation = action.record ? action.record->generation : action.generation;
    jobs_.push_back(std::move(job));
  }
}

Runner::Result Runner::run(Batch batch) {
  result_.rest = std::move(batch);
  while (!scheduler_.is_finished()) {
    if (environment_->stop.stop_requested() && !stopping_)
      stop();
    const std::vector<std::size_t> begun = begin_ready();
    if (!begun.empty() || (scheduler_.running() > 0 && !result_.rest.empty())) {
      if (mutant("row-after-create")) {
        for (const std::size_t index : begun)
          launch(index);
      }
      try {
        environment_->journal.commit(result_.rest);
      } catch (const Error&) {
        if (!mutant("full-disk-is-ignored")) {
          // Nothing may be made that the journal does not know. What runs may end; what is to begin
          // has touched nothing.
          stop();
          for (const std::size_t index : begun)
            scheduler_.done(index);
          while (scheduler_.running() > 0 && wait_for_some()) {
          }
          throw;
        }
      }
      result_.rest = {};
      if (!mutant("row-after-create")) {
        for (const std::size_t index : begun)
          launch(index);
      }
    }
    if (scheduler_.running() > 0 && !wait_for_some())
      break;
  }
  std::ranges::stable_sort(result_.outcome.slowest, std::greater<>{}, &Timing::took);
  result_.outcome.slowest.resize(std::min<std::size_t>(result_.outcome.slowest.size(), 5));
  return std::move(result_);
}

// Everything that can start, with what is over at once done on the way. Rows go into `rest`.
std::vector<std::size_t> Runner::begin_ready() {
  std::vector<std::size_t> begun;
  for (auto ready = scheduler_.start(); !ready.empty(); ready = scheduler_.start()) {
    for (const std::size_t index : ready) {
      if (begin(index))
        begun.push_back(index);
    }
  }
  return begun;
}

// Returns whether there is something to run; else it is over already.
bool Runner::begin(std::size_t index) {
  Job& job = *jobs_[index];
  const Action& action = job.action;
  if (action.verb == Action::Verb::Keep) {
    Record kept = job.record;
    kept.needs = row_of(action).needs;
    if (kept != job.record)
      put(kept);
    scheduler_.done(index);
    return false;
  }
  if (action.forget) {
    job.record.life = Life::Gone;
    put(job.record);
    scheduler_.done(index);
    return false;
  }
  job.component = environment_->registry.find(action.record ? action.record->component
                                                            : action.resource->component);
  if (job.component == nullptr) {
    job.error = Error(ErrorKind::NotFound, fmt::format("no component '{}' is loaded for {}",
                                                       action.record ? action.record->component
                                                                     : action.resource->component,
                                                       action.address()));
    fail(index);
    return false;
  }
  job.before = job.record;
  if (action.verb == Action::Verb::Remove) {
    if (job.record.life != Life::Removed) {
      job.record.life = Life::Removing;
      put(job.record);
    }
    for (Record item : action.within) {
      if (item.life != Life::Removed) {
        item.life = Life::Removing;
        put(item);
      }
    }
  } else {
    try {
      job.action.properties = settle(action.properties, lookup_in(*state_));
      for (auto& [name, value] : job.action.properties.entries_to_change())
        value = keep_secrets(open_secrets(value, environment_->journal, state_->key),
                             action.address() + "." + name, environment_->journal);
    } catch (const Error& error) {  // A late value is not what an operator wants.
      job.error = error;
    }
    if (!job.error && !is_known(action.properties))
      job.error = unknown_value(action.properties);
    if (job.error) {
      fail(index);
      return false;
    }
    Record row = row_of(action);
    if (std::ranges::find(environment_->again, action.address()) != environment_->again.end())
      count_attempt(row);
    const std::optional<Record> durable = state_->records.find(action.address());
    job.record = row;
    if (mutant("present-too-early"))
      row.life = Life::Present;
    if (!durable || *durable != row)
      put(row);
    if (!action.record)
      job.before = row;
    job.before.claims = row.claims;
    if (node_of(action.address()) == action.address() && action.verb == Action::Verb::Create)
      begin_items(action);
  }
  tell(Event::Kind::ActionStarted, job);
  return true;
}

// A new node's items have their rows from the start: they are on its disk or come soon.
void Runner::begin_items(const Action& node) {
  for (const std::shared_ptr<Job>& job : jobs_) {
    const Action& action = job->action;
    if (action.resource->node != node.address() || action.verb != Action::Verb::Create)
      continue;
    Record row = row_of(action);
    erase_if(row.properties, [](const auto& p) { return !p.second.is_known(); });
    put(row);
  }
}

// The row that says it is about to be made; goes on from the one that is there.
Record Runner::row_of(const Action& action) const {
  Record row;
  if (action.record)
    row = *action.record;
  row.address = action.address();
  row.generation = action.generation;
  row.needs.clear();
  for (const std::size_t need : action.needs) {
    if (jobs_[need]->action.verb != Action::Verb::Remove)
      row.needs.push_back(jobs_[need]->action.address());
  }
  if (action.verb == Action::Verb::Keep)
    return row;
  if (!action.record)
    row.notes[kLifeNote] = state_->life;
  row.component = action.resource->component;
  row.life = Life::Intended;
  row.host = action.host;
  row.properties = action.properties;
  const Component* component = environment_->registry.find(row.component);
  if (component != nullptr && is_known(row.properties)) {
    const Owner owner{state_->deployment.id, row.address, row.generation};
    for (const Claim& claim : component->claims(row.properties, owner, state_->deployment.name)) {
      if (std::ranges::find(row.claims, claim) == row.claims.end())
        row.claims.push_back(claim);
    }
  }
  return row;
}

void Runner::launch(std::size_t index) {
  jobs_[index]->launched = true;
  environment_->executor.start(index,
                               [state = state_, job = jobs_[index]] { carry_out(*state, *job); });
}

// Returns false when the grace is over and works are given up.
bool Runner::wait_for_some() {
  std::optional<std::size_t> ended;
  if (!stopping_) {
    ended = environment_->executor.next_done(environment_->stop, std::nullopt);
    if (!ended)
      stop();
  }
  if (!ended) {
    const auto left = give_up_ - environment_->world.clock().now();
    ended = environment_->executor.next_done({}, std::max(left, Clock::Instant::duration(0)));
  }
  if (!ended) {
    result_.outcome.abandoned = scheduler_.running();
    environment_->executor.abandon();
    return false;
  }
  finish(*ended);
  // Others that have ended by now share its commit.
  while (scheduler_.running() > 0) {
    ended = environment_->executor.next_done({}, std::chrono::nanoseconds(0));
    if (!ended)
      break;
    finish(*ended);
  }
  return true;
}

void Runner::stop() {
  stopping_ = true;
  result_.outcome.interrupted = environment_->stop.stop_requested();
  give_up_ = environment_->world.clock().now() + environment_->grace;
  scheduler_.stop();
}

void Runner::finish(std::size_t index) {
  Job& job = *jobs_[index];
  if (job.error) {
    fail(index);
    return;
  }
  Outcome& outcome = result_.outcome;
  if (job.action.verb == Action::Verb::Remove) {
    // Without claims there is nothing that could come back late.
    job.record.life = job.record.claims.empty() ? Life::Gone : Life::Removed;
    for (Record item : job.action.within) {
      item.life = Life::Gone;
      put(item);
    }
    if (job.record.life == Life::Removed)
      result_.removed.push_back(job.record);
    if (node_of(job.action.address()) == job.action.address())
      environment_->connections.drop(job.action.address());
    outcome.removed += job.action.replaces ? 0 : 1;
  } else {
    job.record.life = Life::Present;
    job.record.attributes = job.attributes;
    job.record.took = job.took;
    (job.action.verb == Action::Verb::Update ? outcome.updated : outcome.created) += 1;
  }
  put(job.record);
  outcome.slowest.push_back({job.action.address(), job.verb, job.took});
  scheduler_.done(index);
  tell(Event::Kind::ActionDone, job);
}

void Runner::fail(std::size_t index) {
  Job& job = *jobs_[index];
  const std::vector<std::size_t> skipped = scheduler_.fail(index);
  if (job.launched)
    put(job.record);  // A counted attempt.
  if (job.error->kind() == ErrorKind::Interrupted) {
    result_.outcome.interrupted = true;
    tell(Event::Kind::ActionSkipped, job);
    return;
  }
  result_.outcome.failures.push_back({job.action.address(), job.verb, *job.error});
  if (job.launched)
    result_.outcome.slowest.push_back({job.action.address(), job.verb, job.took});
  tell(Event::Kind::ActionFailed, job, &*job.error);
  for (const std::size_t other : skipped) {
    const Action& action = jobs_[other]->action;
    if (action.verb == Action::Verb::Keep)
      continue;
    result_.outcome.skipped.push_back(action.address());
    state_->events.on({.kind = Event::Kind::ActionSkipped,
                       .address = action.address(),
                       .verb = jobs_[other]->verb,
                       .text = fmt::format("because {} failed", job.action.address())});
  }
}

void Runner::put(const Record& record) {
  // One row at most per resource and generation in a batch: the later word counts.
  std::erase_if(result_.rest.put, [&](const Record& other) {
    return other.address == record.address && other.generation == record.generation;
  });
  result_.rest.put.push_back(record);
  if (record.life == Life::Gone)
    state_->records.erase(record);
  else
    state_->records.put(record);
}

void Runner::tell(Event::Kind kind, const Job& job, const Error* error) const {
  Event event{.kind = kind, .address = job.action.address(), .verb = job.verb, .took = job.took};
  if (error != nullptr) {
    event.text = error->what();
    for (const std::string& context : error->context())
      event.text += "\n  " + context;
    event.detail = error->detail();
    event.hint = error->hint();
  }
  if (kind == Event::Kind::ActionSkipped)
    event.text = "interrupted";
  state_->events.on(event);
}

}  // namespace encamp
