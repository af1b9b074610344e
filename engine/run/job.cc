#include "engine/run/job.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/component/attempt.h"
#include "engine/mutant.h"
#include "engine/run/evidence.h"

namespace encamp {
namespace {

// A broken connection is opened again that often, whatever the resource says of attempts.
constexpr int kReconnects = 2;

bool may_help_to_repeat(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::NotFound:
    case ErrorKind::Unavailable:
    case ErrorKind::NoRoom:
    case ErrorKind::Failed:
    case ErrorKind::Timeout:
      return true;
    case ErrorKind::Conflict:
    case ErrorKind::Denied:
    case ErrorKind::Unknown:
    case ErrorKind::Busy:
    case ErrorKind::Interrupted:
      return false;
  }
  return false;
}

const char* participle(const std::string& verb) {
  if (verb == "create")
    return "creating";
  if (verb == "update")
    return "updating";
  return verb == "replace" ? "replacing" : "removing";
}

// Whether the node that an item lies on runs, as its host sees it.
bool node_runs(ActionContext& context) {
  const Record& node = context.record(Address(node_of(context.owner().address)));
  return std::ranges::any_of(node.claims, [&](const Claim& claim) {
    if (claim.kind != Claim::Kind::Guest)
      return false;
    const std::optional<GuestState> guest = context.host().find_guest(claim);
    return guest && guest->uuid == claim.uuid && guest->power == GuestState::Power::Running;
  });
}

void attempt_once(RunState& state, Job& job, ActionContext& context) {
  const Duration timeout = job.action.resource->timeout.value_or(state.environment.timeout);
  context.begin_attempt(context.clock().now() + timeout);
  if (job.action.verb == Action::Verb::Remove) {
    if (!job.action.node_ends || mutant("down-needs-nodes") || node_runs(context))
      job.component->remove(job.before, context);
    return;
  }
  job.before.notes = job.record.notes;
  for (const auto& [name, value] : job.record.properties)
    state.mask.add(value);
  job.attributes = job.component->realize(job.record.properties, job.before, context);
  for (auto& [name, value] : job.attributes.entries_to_change())
    value = context.sealed(name, std::move(value));
}

// Returns the error of one attempt, or nothing.
std::optional<Error> try_once(RunState& state, Job& job, ActionContext& context) {
  try {
    attempt_once(state, job, context);
    return std::nullopt;
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& error) {  // The component is wrong; the others go on.
    return Error(ErrorKind::Failed,
                 fmt::format("component '{}' failed: {}", job.record.component, error.what()));
  }
}

// Nothing is made again before what was lost can no longer come: a late removal would take the new
// one, a late creation would be made of the old one, a late file would lie over the newer one. What
// is taken from a host is looked at once more later; what is taken from a node that stays is not.
std::optional<Error> wait_for_late_effects(RunState& state, const Job& job) {
  Clock& clock = state.environment.world.clock();
  const std::optional<Clock::Instant> end = state.loose_ends.end();
  const bool is_item =
      !node_of(job.record.address).empty() && node_of(job.record.address) != job.record.address;
  const bool is_on_host = !job.record.claims.empty() || job.component->schema().shared;
  const bool matters = job.action.verb == Action::Verb::Remove ? is_item && !job.action.node_ends
                                                               : is_on_host || is_item;
  if (!end || *end <= clock.now() || !matters || mutant("repeat-at-once") ||
      (is_item && mutant("item-repeats-at-once")))
    return std::nullopt;
  clock.sleep(*end - clock.now(), state.environment.stop);
  if (state.environment.stop.stop_requested())
    return Error(ErrorKind::Interrupted, "interrupted");
  return std::nullopt;
}

// Whether an attempt ended with a known outcome, so that its commands may run again.
bool is_known(ErrorKind kind) {
  return kind == ErrorKind::Failed || kind == ErrorKind::Timeout || mutant("new-receipt");
}

}  // namespace

std::string verb_of(const Action& action) {
  switch (action.verb) {
    case Action::Verb::Keep:
      return "keep";
    case Action::Verb::Create:
      return action.replaces ? "replace" : "create";
    case Action::Verb::Update:
      return "update";
    case Action::Verb::Remove:
      return "remove";
  }
  return "?";
}

void carry_out(RunState& state, Job& job) {
  Environment& environment = state.environment;
  ActionContext context(state, job.record, job.verb);
  const Clock::Instant began = context.clock().now();
  const Address node(node_of(job.record.address));
  int left = job.action.resource->attempts - 1;
  int reconnects = kReconnects;
  // What an earlier run has begun and not finished.
  bool is_repeated = job.action.verb == Action::Verb::Remove
                         ? job.action.record->life != Life::Present
                         : job.action.verb == Action::Verb::Create && job.action.record;
  for (int next = 2;; ++next) {
    job.error = is_repeated ? wait_for_late_effects(state, job) : std::nullopt;
    if (!job.error)
      job.error = try_once(state, job, context);
    is_repeated = true;
    if (!job.error) {
      if (context.gave_receipt())
        count_attempt(job.record);
      break;
    }
    const ErrorKind kind = job.error->kind();
    const bool broken = kind == ErrorKind::Unavailable;
    if (may_come_late(kind))
      state.loose_ends.wait_until(context.clock().now() + environment.late_effects);
    if (!node.empty() && (broken || kind == ErrorKind::Timeout))
      environment.connections.drop(node);
    if (context.gave_receipt() && is_known(kind))
      count_attempt(job.record);  // Durable with the runner's next commit, or the note below.
    int& budget = broken && reconnects > 0 ? reconnects : left;
    if (!may_help_to_repeat(kind) || budget <= 0 || environment.stop.stop_requested())
      break;
    --budget;
    state.events.on({.kind = Event::Kind::ActionRetried,
                     .address = job.record.address,
                     .verb = job.verb,
                     .text = job.error->what(),
                     .count = next});
    try {
      if (context.gave_receipt() && is_known(kind))
        environment.journal.commit({.put = {job.record}});
    } catch (const Error& error) {
      job.error = error;
      break;
    }
    context.clock().sleep(job.action.resource->backoff, environment.stop);
  }
  job.took = std::chrono::duration_cast<Duration>(context.clock().now() - began);
  if (job.error && job.error->kind() != ErrorKind::Interrupted) {
    job.error = state.mask.masked(*job.error);
    job.error->add_context(fmt::format("while {} {}", participle(job.verb), job.record.address));
    keep_evidence(state, job.record, *job.error);
  }
}

}  // namespace encamp
