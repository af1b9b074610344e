#include "engine/run/deployment.h"

#include <algorithm>

#include "engine/mutant.h"
#include "engine/run/runner.h"
#include "engine/run/verify.h"
#include "engine/state/secrets.h"

namespace encamp {
namespace {

// What earlier runs may have left under way: the last one's process died, or it lost an answer.
void expect_late_effects(RunState& state, const std::optional<Deployment>& before,
                         Clock::Instant began) {
  if (before && before->last_run && (!before->last_run->ended || before->last_run->has_loose_ends))
    state.loose_ends.wait_until(began + state.environment.late_effects);
}

int count_of(const Plan& plan) {
  return static_cast<int>(std::ranges::count_if(plan.actions, [](const Action& action) {
    return action.verb != Action::Verb::Keep && !action.forget;
  }));
}

// Looks once more at every row that says Removed; those that hold become Gone in `rest`. Nothing
// may come late any more by then.
void verify_all(RunState& state, Runner::Result& result) {
  Environment& environment = state.environment;
  Clock& clock = environment.world.clock();
  if (const std::optional<Clock::Instant> end = state.loose_ends.end();
      end && *end > clock.now() && !state.records.all().empty() && !mutant("no-late-wait"))
    clock.sleep(*end - clock.now(), environment.stop);
  if (environment.stop.stop_requested()) {
    result.outcome.interrupted = true;
    return;
  }
  for (Record& record : result.removed) {
    try {
      if (!mutant("no-verify"))
        verify_removed(state, record);
    } catch (const Error& error) {
      result.outcome.failures.push_back({record.address, "remove", error});
      state.events.on({.kind = Event::Kind::ActionFailed,
                       .address = record.address,
                       .verb = "remove",
                       .text = error.what(),
                       .detail = error.detail(),
                       .hint = error.hint()});
      continue;
    }
    state.records.erase(record);
    record.life = Life::Gone;
    std::erase_if(result.rest.put, [&](const Record& other) {
      return other.address == record.address && other.generation == record.generation;
    });
    result.rest.put.push_back(record);
  }
}

// What can be told of tests and outputs by now, fit to be recorded.
Deployment settled(const Deployment& facts, const RunState& state) {
  return keep_secrets(settle(facts, lookup_in(state)), state.environment.journal);
}

void end_run(Deployment& facts, const Outcome& outcome, const RunState& state) {
  Clock& clock = state.environment.world.clock();
  const std::optional<Clock::Instant> late = state.loose_ends.end();
  facts.last_run->has_loose_ends = late && *late > clock.now();
  // With works given up the run has not ended: what they do may still happen.
  if (outcome.abandoned == 0)
    facts.last_run->ended = clock.wall_time();
  facts.last_run->succeeded = outcome.succeeded();
  facts.last_run->summary = outcome.summary();
}

}  // namespace

Outcome up(const Plan& plan, Deployment facts, Environment& environment) {
  Clock& clock = environment.world.clock();
  const Clock::Instant began = clock.now();
  const std::optional<Deployment> before = environment.journal.deployment();
  facts.created = before ? before->created : clock.wall_time();
  facts.last_run = Deployment::Run{.verb = "up", .began = clock.wall_time()};
  environment.events.on({.kind = Event::Kind::PlanMade, .count = count_of(plan)});

  if (count_of(plan) > 0) {  // Before several nodes want them at once.
    deployment_key(environment, "ssh");
    secret_key(environment.journal, environment.world.random());
  }
  const auto state = std::make_shared<RunState>(environment, facts, environment.journal.records());
  expect_late_effects(*state, before, began);
  Runner runner(state, plan);
  Runner::Result result = runner.run({.deployment = settled(facts, *state)});
  if (!result.outcome.interrupted && !result.removed.empty())
    verify_all(*state, result);

  end_run(facts, result.outcome, *state);
  result.rest.deployment = settled(facts, *state);
  environment.journal.commit(result.rest);
  result.outcome.total = std::chrono::duration_cast<Duration>(clock.now() - began);
  return result.outcome;
}

Outcome down(Environment& environment) {
  Clock& clock = environment.world.clock();
  const Clock::Instant began = clock.now();
  const std::optional<Deployment> before = environment.journal.deployment();
  const std::vector<Record> records = open_secrets(
      environment.journal.records(), environment.journal, find_secret_key(environment.journal));
  if (!before && records.empty()) {
    environment.journal.close({});  // What a process left behind that died while it ended it.
    return {};
  }
  Deployment facts = before.value_or(Deployment{});
  facts.last_run = Deployment::Run{.verb = "down", .began = clock.wall_time()};
  const Plan plan = make_teardown(records, environment.registry);
  environment.events.on({.kind = Event::Kind::PlanMade, .count = count_of(plan)});

  const auto state = std::make_shared<RunState>(environment, facts, records);
  expect_late_effects(*state, before, began);
  Runner runner(state, plan);
  Runner::Result result = runner.run({.deployment = facts});
  if (!result.outcome.interrupted)
    verify_all(*state, result);

  if ((state->records.all().empty() || mutant("close-early")) && !result.outcome.interrupted) {
    environment.journal.close(result.rest);
  } else {
    end_run(facts, result.outcome, *state);
    result.rest.deployment = facts;
    environment.journal.commit(result.rest);
    for (const Record& record : state->records.all())
      result.outcome.left.push_back(record.address);
  }
  result.outcome.total = std::chrono::duration_cast<Duration>(clock.now() - began);
  return result.outcome;
}

}  // namespace encamp
