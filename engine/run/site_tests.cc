#include "engine/run/site_tests.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "engine/run/collect.h"
#include "engine/run/evidence.h"
#include "engine/run/expectation.h"

namespace encamp {
namespace {

// One test on one node: a step of the scheduler.
struct Trial {
  Test test;
  Record node;
  TestResult result;
};

std::vector<Test> chosen_tests(const Deployment& deployment,
                               const std::vector<std::string>& names) {
  if (names.empty())
    return deployment.tests;
  std::vector<Test> chosen;
  for (const std::string& name : names) {
    const auto found = std::ranges::find_if(deployment.tests, [&](const Test& test) {
      return test.name == name || test.address == name;
    });
    if (found == deployment.tests.end()) {
      const auto unsettled = deployment.unsettled.find(child_address("tests", name));
      if (unsettled != deployment.unsettled.end())
        throw Error(ErrorKind::NotFound,
                    fmt::format("test '{}' cannot run: '{}' is not known", name, unsettled->second))
            .with_hint("encamp up FILE");
      throw Error(ErrorKind::NotFound,
                  fmt::format("deployment '{}' has no test '{}'", deployment.name, name));
    }
    chosen.push_back(*found);
  }
  return chosen;
}

// What of the site is not there, for whose sake no test can run; empty when all is.
std::string missing_resource(const Deployment& deployment, const std::vector<Record>& records) {
  for (const Record& record : records) {
    if (record.life == Life::Intended)
      return fmt::format("{} is not there", record.address);
  }
  for (const auto& [address, reference] : deployment.unsettled) {
    if (address.starts_with("tests") || address.find(".tests") != std::string::npos)
      return fmt::format("'{}' is not known", reference);
  }
  return {};
}

std::vector<Step> steps_of(const std::vector<std::shared_ptr<Trial>>& trials) {
  std::vector<Step> steps(trials.size());
  // On one node: its own tests first, then the site's, each group in the order of the file.
  const auto is_own = [](const Trial& trial) {
    return node_of(trial.test.address) == trial.node.address;
  };
  for (std::size_t i = 0; i < trials.size(); ++i) {
    steps[i].host = trials[i]->node.host;
    steps[i].lane = trials[i]->node.address;
    for (std::size_t j = 0; j < trials.size(); ++j) {
      const bool needed = std::ranges::any_of(trials[i]->test.needs, [&](const Need& need) {
        return need.address == trials[j]->test.address;
      });
      if (i != j && needed)
        steps[i].needs.push_back(j);
    }
  }
  std::vector<std::size_t> order;
  for (const bool own : {true, false}) {
    for (std::size_t i = 0; i < trials.size(); ++i) {
      if (is_own(*trials[i]) == own)
        order.push_back(i);
    }
  }
  // The order of a lane gives way to needs: an edge that would close a cycle is left out.
  const auto needs_path = [&](std::size_t from, std::size_t to) {
    std::vector<std::size_t> open{from};
    std::vector<bool> seen(steps.size(), false);
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (at == to)
        return true;
      if (seen[at])
        continue;
      seen[at] = true;
      open.insert(open.end(), steps[at].needs.begin(), steps[at].needs.end());
      open.insert(open.end(), steps[at].after.begin(), steps[at].after.end());
    }
    return false;
  };
  std::map<Address, std::size_t> last;
  for (const std::size_t i : order) {
    const auto before = last.find(steps[i].lane);
    if (before != last.end() && !needs_path(before->second, i))
      steps[i].after.push_back(before->second);
    last[steps[i].lane] = i;
  }
  return steps;
}

Command command_of(const Test& test) {
  Command command{.timeout = test.timeout};
  const auto text = [&](const char* name, std::string& target) {
    const auto found = test.command.find(name);
    if (found != test.command.end() && (found->second.is_text() || found->second.is_secret()))
      target = found->second.text();
  };
  text("run", command.text);
  text("user", command.user);
  text("directory", command.directory);
  text("input", command.input);
  const auto environment = test.command.find("environment");
  if (environment != test.command.end() && environment->second.is_mapping()) {
    for (const Value::Entry& entry : environment->second.mapping())
      command.environment[entry.key] = entry.value.is_text() || entry.value.is_secret()
                                           ? entry.value.text()
                                           : to_display(entry.value, 4096);
  }
  return command;
}

void try_test(RunState& state, Trial& trial, Report& collected) {
  Environment& environment = state.environment;
  Clock& clock = environment.world.clock();
  const Clock::Instant began = clock.now();
  TestResult& result = trial.result;
  try {
    Guest& guest = guest_of(environment, trial.node, began + environment.timeout);
    const CommandResult seen = guest.probe(command_of(trial.test));
    result.output = state.mask.masked(seen.output);
    result.errors = state.mask.masked(seen.errors);
    result.why = state.mask.masked(what_differs(trial.test.expect, seen, trial.test.timeout));
    MaskedReport masked(state.mask, collected);
    collect_from(guest, trial.test, trial.node, masked);
  } catch (const Error& error) {
    result.why = error.kind() == ErrorKind::Interrupted ? "interrupted"
                                                        : full_text(state.mask.masked(error));
    environment.connections.drop(trial.node.address);
  }
  result.status = result.why.empty() ? TestResult::Status::Passed : TestResult::Status::Failed;
  result.took = std::chrono::duration_cast<Duration>(clock.now() - began);
  if (result.status == TestResult::Status::Passed)
    return;
  const std::string folder = trial.test.address + "/" + last_name(trial.node.address);
  state.evidence.keep(folder + "/why", result.why + "\n");
  state.evidence.keep(folder + "/output", result.output);
  state.evidence.keep(folder + "/errors", result.errors);
  keep_node_evidence(state, trial.node.address);
}

// Carries the trials out and returns the outcome.
class TestRunner {
 public:
  TestRunner(std::shared_ptr<RunState> state, std::vector<std::shared_ptr<Trial>> trials,
             Report& collected)
      : state_(std::move(state)),
        trials_(std::move(trials)),
        collected_(&collected),
        scheduler_(steps_of(trials_), state_->environment.bounds) {}

  Outcome run() {
    Environment& environment = state_->environment;
    Outcome outcome;
    std::optional<Clock::Instant> give_up;
    const auto stop = [&] {
      scheduler_.stop();
      outcome.interrupted = true;
      give_up = environment.world.clock().now() + environment.grace;
    };
    while (!scheduler_.is_finished()) {
      if (!give_up && environment.stop.stop_requested())
        stop();
      for (const std::size_t index : scheduler_.start())
        launch(index);
      if (scheduler_.running() == 0)
        continue;
      std::optional<std::size_t> ended;
      if (!give_up)
        ended = environment.executor.next_done(environment.stop, std::nullopt);
      else
        ended = environment.executor.next_done(
            {}, std::max(*give_up - environment.world.clock().now(), Clock::Instant::duration(0)));
      if (ended) {
        finish(*ended);
      } else if (give_up) {
        outcome.abandoned = scheduler_.running();
        environment.executor.abandon();
        break;
      } else {
        stop();
      }
    }
    return outcome;
  }

 private:
  void launch(std::size_t index) {
    const std::shared_ptr<Trial> trial = trials_[index];
    tell(Event::Kind::ActionStarted, *trial);
    state_->environment.executor.start(
        index, [state = state_, trial, report = collected_] { try_test(*state, *trial, *report); });
  }

  void finish(std::size_t index) {
    Trial& trial = *trials_[index];
    if (trial.result.status == TestResult::Status::Passed) {
      scheduler_.done(index);
      tell(Event::Kind::TestPassed, trial);
      return;
    }
    tell(Event::Kind::TestFailed, trial);
    for (const std::size_t skipped : scheduler_.fail(index)) {
      trials_[skipped]->result.why = fmt::format("because {} failed", trial.test.address);
      tell(Event::Kind::ActionSkipped, *trials_[skipped]);
    }
  }

  void tell(Event::Kind kind, const Trial& trial) const {
    Event event{.kind = kind,
                .address = trial.test.address,
                .verb = "test",
                .text = trial.result.why,
                .took = trial.result.took};
    if (kind == Event::Kind::TestFailed)
      event.detail = trial.result.output + trial.result.errors;
    state_->events.on(event);
  }

  std::shared_ptr<RunState> state_;
  std::vector<std::shared_ptr<Trial>> trials_;
  Report* collected_;
  Scheduler scheduler_;
};

}  // namespace

TestRun run_tests(const std::vector<std::string>& names, Report& collected,
                  Environment& environment) {
  Clock& clock = environment.world.clock();
  const Clock::Instant began = clock.now();
  const std::optional<Deployment> deployment = environment.journal.deployment();
  if (!deployment)
    throw Error(ErrorKind::NotFound, "there is no such deployment").with_hint("encamp list");
  const auto state =
      std::make_shared<RunState>(environment, *deployment, environment.journal.records());
  const std::string missing = missing_resource(*deployment, state->records.all());

  std::vector<std::shared_ptr<Trial>> trials;
  for (const Test& test : chosen_tests(state->deployment, names)) {
    for (const Address& node : test.nodes) {
      auto trial = std::make_shared<Trial>();
      trial->test = test;
      trial->node = state->records.find(node).value_or(Record{.address = node});
      trial->result = {.address = test.address, .node = node, .why = missing};
      trials.push_back(std::move(trial));
    }
  }
  TestRun run;
  if (missing.empty()) {
    environment.events.on(
        {.kind = Event::Kind::PlanMade, .count = static_cast<int>(trials.size())});
    TestRunner runner(state, trials, collected);
    run.outcome = runner.run();
    if (!run.outcome.interrupted) {
      MaskedReport masked(state->mask, collected);
      collect_from_other_nodes(*state, chosen_tests(*deployment, names), masked);
    }
  } else {
    for (const auto& trial : trials)
      environment.events.on({.kind = Event::Kind::ActionSkipped,
                             .address = trial->test.address,
                             .verb = "test",
                             .text = missing});
  }
  for (const auto& trial : trials) {
    if (run.outcome.abandoned == 0 || trial->result.status != TestResult::Status::Skipped)
      run.results.push_back(trial->result);
    run.outcome.tests_failed |= trial->result.status != TestResult::Status::Passed;
    run.outcome.tested += trial->result.status != TestResult::Status::Skipped ? 1 : 0;
    run.outcome.slowest.push_back({trial->test.address, "test", trial->result.took});
  }
  run.outcome.total = std::chrono::duration_cast<Duration>(clock.now() - began);
  run.outcome = combine({}, run.outcome);
  return run;
}

}  // namespace encamp
