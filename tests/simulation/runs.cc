// One run of the program in a life: what src/ does around the engine, on a simulated process.
#include <fmt/format.h>

#include "engine/plan/plan.h"
#include "engine/run/observe.h"
#include "engine/run/site_tests.h"
#include "tests/simulation/life.h"

namespace encamp::simulation {
namespace {

class NoEvents : public Events {
 public:
  explicit NoEvents(SimulatedWorld& world) : world_(&world) {}
  void on(const Event& event) override {
    world_->check_open(event.text, "an event");
    world_->check_open(event.detail, "an event");
    if (!world_->is_traced() || event.kind == Event::Kind::ActionProgress)
      return;
    constexpr const char* kWords[] = {"plan",   "begins",  "",       "again",  "done",
                                      "failed", "skipped", "passed", "failed", ""};
    world_->write(fmt::format("  {} {} {}: {}", event.verb, event.address,
                              kWords[static_cast<std::size_t>(event.kind)], event.text));
  }

 private:
  SimulatedWorld* world_;
};

class NoEvidence : public encamp::Report {
 public:
  explicit NoEvidence(SimulatedWorld& world) : world_(&world) {}
  void keep(const std::string&, std::string_view bytes) override {
    world_->check_open(bytes, "evidence");
  }

 private:
  SimulatedWorld* world_;
};

// By what is updated or removed, the removals that this waits for because of something between
// them.
std::map<Address, std::set<Address>> removals_before(const Plan& plan) {
  std::map<Address, std::set<Address>> all;
  for (const Action& later : plan.actions) {
    if (later.verb != Action::Verb::Update && later.verb != Action::Verb::Remove)
      continue;
    std::set<std::size_t> seen;
    std::vector<std::size_t> stack;
    for (const std::size_t direct : later.needs)
      stack.insert(stack.end(), plan.actions[direct].needs.begin(),
                   plan.actions[direct].needs.end());
    while (!stack.empty()) {
      const std::size_t at = stack.back();
      stack.pop_back();
      if (!seen.insert(at).second)
        continue;
      if (plan.actions[at].verb == Action::Verb::Remove)
        all[later.address()].insert(plan.actions[at].address());
      stack.insert(stack.end(), plan.actions[at].needs.begin(), plan.actions[at].needs.end());
    }
  }
  return all;
}

}  // namespace

Life::Ended Life::run(Verb verb, int number, const std::stop_token& stop) {
  Process process(world_, number);
  world_.write(fmt::format("process {}: {}", number, word_of(verb)));
  if ((verb == Verb::Up || verb == Verb::UpObserving) && told_ != text_)
    world_.write("\n" + (told_ = text_));
  Ended ended;
  try {
    SimulatedJournal journal(world_.store, process);
    ended = verb == Verb::Down   ? run_down(process, journal, stop)
            : verb == Verb::Test ? run_tests(process, journal, stop)
                                 : run_up(process, journal, stop, verb == Verb::UpObserving);
  } catch (const Killed&) {
    ended.why = "the process died";
  } catch (const Error& error) {
    ended.why = error.what();
  }
  if (!ended.succeeded)
    world_.write("ended: " + ended.why);
  if (foreign_ && world_.fake.here().foreign() != *foreign_)
    world_.violate("what belongs to others was touched");
  return ended;
}

// As src/preparing.cc does it.
Life::Ended Life::run_up(Process& process, Journal& journal, const std::stop_token& stop,
                         bool observes) {
  Deployment facts = journal.deployment().value_or(Deployment());
  if (facts.id.empty())
    facts.id = make_uuid(process);
  facts.name = resolved_.name;
  facts.tests = resolved_.tests;
  const std::vector<Record> records = journal.records();
  const std::vector<HostOffer> offers{{"here", process.host("here").inventory()}};
  Diagnostics diagnostics;
  const BoundGraph bound = bind(
      graph_, {.deployment = facts.id, .records = records, .hosts = offers, .reservations = {}},
      diagnostics);
  if (diagnostics.has_errors()) {
    world_.violate("bind refuses the random site");
    throw Killed{};
  }
  Observations seen = observe(records, offers);
  if (observes)
    in_environment(process, journal, stop, [&](Environment& environment) {
      seen = observe_inside(std::move(seen), facts, environment);
      return Outcome();
    });
  const Plan plan = make_plan(bound, registry_, records, seen);
  if (!process.is_cut_off())
    expect(plan);
  const int writes = process.writes();
  const Outcome outcome = in_environment(process, journal, stop, [&](Environment& environment) {
    return up(plan, facts, environment);
  });
  Ended ended{.succeeded = outcome.succeeded(),
              .changed_nothing = !plan.has_changes() && process.writes() == writes};
  if (!outcome.failures.empty())
    ended.why = fmt::format("{}: {}", outcome.failures.front().address,
                            outcome.failures.front().error.what());
  return ended;
}

// What is to be seen while `plan` is carried out.
void Life::expect(const Plan& plan) {
  find_needs();
  world_.updates.clear();
  world_.staying.clear();
  world_.waiting = removals_before(plan);
  for (const Action& action : plan.actions) {
    if (action.verb == Action::Verb::Update)
      world_.updates.insert(action.address());
    if (action.resource->component == "node" &&
        (action.verb == Action::Verb::Update || action.verb == Action::Verb::Keep))
      world_.staying.insert(action.address());
  }
}

Life::Ended Life::run_down(Process& process, Journal& journal, const std::stop_token& stop) {
  world_.needs.clear();
  world_.updates.clear();
  world_.staying.clear();
  world_.waiting.clear();
  const Outcome outcome = in_environment(
      process, journal, stop, [](Environment& environment) { return down(environment); });
  Ended ended{.succeeded = outcome.succeeded()};
  if (!outcome.failures.empty())
    ended.why = fmt::format("{}: {}", outcome.failures.front().address,
                            outcome.failures.front().error.what());
  else if (!outcome.left.empty())
    ended.why = "left " + outcome.left.front();
  return ended;
}

// They look, and change nothing.
Life::Ended Life::run_tests(Process& process, Journal& journal, const std::stop_token& stop) {
  const std::vector<Record> before = journal.records();
  NoEvidence collected(world_);
  std::string why;
  const Outcome outcome = in_environment(process, journal, stop, [&](Environment& environment) {
    const TestRun run = encamp::run_tests({}, collected, environment);
    for (const TestResult& result : run.results) {
      if (!result.why.empty())
        why = fmt::format("{} on {}: {}", result.address, result.node, result.why);
    }
    return run.outcome;
  });
  // Another process that took over may have.
  if (!process.is_cut_off() && journal.records() != before)
    world_.violate("tests change the journal");
  return {.succeeded = outcome.succeeded(), .why = why};
}

Outcome Life::in_environment(Process& process, Journal& journal, const std::stop_token& stop,
                             const std::function<Outcome(Environment&)>& use) {
  NoEvents events(world_);
  NoEvidence evidence(world_);
  Connections connections(process);
  struct LetEnd {  // Whoever leaves takes the threads that still run along.
    Process* process;
    ~LetEnd() { process->end_threads(); }
  } let_end{&process};
  Environment environment{
      .world = process,
      .journal = journal,
      .registry = registry_,
      .executor = process.executor(),
      .events = events,
      .connections = connections,
      .evidence = evidence,
      .stop = stop,
      .late_effects = std::chrono::duration_cast<Duration>(SimulatedWorld::kLongestDelay)};
  const Outcome outcome = use(environment);
  return outcome;
}

}  // namespace encamp::simulation
