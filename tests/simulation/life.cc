#include "tests/simulation/life.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/graph/compile.h"
#include "engine/plan/plan.h"
#include "engine/run/site_tests.h"
#include "tests/support/described.h"

namespace encamp::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NoEvents : public Events {
 public:
  explicit NoEvents(SimulatedWorld& world) : world_(&world) {}
  void on(const Event& event) override {
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
  void keep(const std::string&, std::string_view) override {}
};

Weather weather_of(Chance& chance) {
  switch (chance.below(6)) {
    case 0:
      return {};
    case 1:
      return {.kills = 10};
    case 2:
      return {.fails = 10, .loses = 10, .comes_late = 10, .is_slow = 5, .kills = 5};
    case 3:
      return {.comes_late = 30, .kills = 10};
    case 4:
      return {.fails = 5, .loses = 30, .is_slow = 10};
    default:
      return {.fails = 40, .loses = 40, .comes_late = 40, .is_slow = 10, .kills = 10};
  }
}

}  // namespace

Life::Life(SimulatedWorld& world, const Registry& registry, std::uint64_t seed)
    : world_(world), registry_(registry), chance_(mix(seed ^ 0x51fe)), site_(chance_) {
  describe();
}

void Life::live() {
  if (world_.looking().kill_at > 0) {
    for (const Verb verb : {Verb::Up, chance_.is(50) ? Verb::Up : Verb::Down}) {
      if (!world_.violation())
        run(verb);
    }
    if (!world_.violation())
      good_end();
    return;
  }
  for (int steps = chance_.between(1, 4); steps > 0 && !world_.violation(); --steps)
    bad_step();
  if (!world_.violation())
    good_end();
}

void Life::describe() {
  text_ = site_.text();
  test::Described described = test::describe("lab.yaml", text_, registry_);
  Diagnostics diagnostics;
  if (described.site) {
    resolved_ = std::move(*described.site);
    graph_ = compile(resolved_, registry_, diagnostics);
  }
  if (!described.messages().empty() || diagnostics.has_errors())
    world_.violate("the random site is wrong: " + described.messages());
}

void Life::find_needs() {
  world_.needs.clear();
  const auto needs = graph_.needs();
  for (std::size_t v = 0; v < needs.size(); ++v) {
    for (const Graph::Vertex need : needs[v])
      world_.needs[graph_.resources[v].address].push_back(graph_.resources[need].address);
  }
}

// An `up` or `down` that meets whatever there is; what comes of it does not matter.
void Life::bad_step() {
  world_.weather = weather_of(chance_);
  if (chance_.is(30))
    site_.change(chance_), describe();
  if (chance_.is(8))
    add_foreign();
  plan_events();
  const Verb verb = chance_.is(65) ? Verb::Up : chance_.is(85) ? Verb::Down : Verb::Test;
  std::stop_source stop;
  if (chance_.is(10))
    world_.baton.at(world_.baton.now() + milliseconds(chance_.between(1, 3000)),
                    [stop]() mutable { stop.request_stop(); });
  if (!chance_.is(10)) {
    run(verb, stop.get_token());
  } else {  // Somebody else works on it at the same time.
    bool other_ended = false;
    Baton::Member* waiting = nullptr;
    const Verb other = chance_.is(50) ? Verb::Up : Verb::Down;
    const milliseconds pause(chance_.between(0, 2000));
    const bool takes_over = chance_.is(50);
    world_.baton.start([&, other, pause, takes_over] {
      world_.baton.sleep(pause);
      if (takes_over)
        world_.take_over();
      run(other);
      other_ended = true;
      if (waiting != nullptr)
        world_.baton.wake(waiting);
    });
    run(verb, stop.get_token());
    waiting = world_.baton.self();
    while (!other_ended)
      world_.baton.wait_until(Baton::kNever);
  }
  if (chance_.is(30))
    world_.baton.sleep(milliseconds(chance_.between(1, 8000)));
}

// What happens to the host, the disk and the clock on the wall meanwhile.
void Life::plan_events() {
  const auto soon = [this] { return world_.baton.now() + milliseconds(chance_.between(1, 4000)); };
  if (chance_.is(10)) {
    const seconds by(chance_.between(-1'000'000, 1'000'000));
    world_.baton.at(soon(), [this, by] { world_.wall_shift += by; });
  }
  if (chance_.is(10)) {
    const Baton::Time down = soon();
    world_.baton.at(down, [this] {
      world_.host_is_up = false;
      world_.reboot_host();
    });
    const Baton::Time up = down + seconds(chance_.between(1, 60));
    world_.baton.at(up, [this] { world_.host_is_up = true; });
    events_end_ = std::max(events_end_, up);
  }
  if (chance_.is(10)) {
    const Baton::Time full = soon();
    world_.baton.at(full, [this] { world_.store.is_full = true; });
    const Baton::Time empty = full + milliseconds(chance_.between(1, 4000));
    world_.baton.at(empty, [this] { world_.store.is_full = false; });
    events_end_ = std::max(events_end_, empty);
  }
}

// What the description says of the inside of nodes, and nothing else of the kind.
void Life::expect_contents() {
  for (const RandomSite::Inside& inside : site_.insides()) {
    const Record* node = nullptr;
    for (const auto& [key, record] : world_.store.rows) {
      if (key.first == "nodes." + inside.node)
        node = &record;
    }
    const auto address =
        node == nullptr ? std::nullopt : chosen_attribute("node", node->properties, "address");
    const test::FakeMachine* machine = address ? world_.fake.machine(address->text()) : nullptr;
    if (machine == nullptr)
      return world_.violate(fmt::format("node {} is not there after up", inside.node));
    const std::string wrong = inside.what_differs(*machine, world_.noted_packages[node->address]);
    if (!wrong.empty())
      return world_.violate(fmt::format("on node {} {}", inside.node, wrong));
  }
}

void Life::add_foreign() {
  test::FakeHost& host = world_.fake.here();
  const auto exists = [&](const std::string& object) {
    return std::ranges::count(host.objects(), object) > 0;
  };
  if (chance_.is(50) && !exists("network encamp.lab.lan"))
    host.add_foreign_network("encamp.lab.lan");
  if (chance_.is(50) && !exists("guest encamp.lab.a"))
    host.add_foreign_guest("encamp.lab.a");
  // A person defined ours anew and left the owner out.
  if (chance_.is(50) && world_.store.deployment && !exists("guest encamp.lab.b"))
    host.add_foreign_guest("encamp.lab.b",
                           uuid_of({world_.store.deployment->id, "nodes.b", 1}, "guest"));
  if (chance_.is(30) && !exists("pool encamp.lab"))
    host.add_foreign_pool("encamp.lab");
  foreign_ = host.foreign();
}

// From here on nothing fails any more, but for what is under way.
void Life::good_end() {
  world_.weather = {};
  world_.write("the weather is fine from here on");
  if (events_end_ >= world_.baton.now())
    world_.baton.wait_until(events_end_ + milliseconds(1));
  if (foreign_ && !world_.violation() && world_.fake.here().foreign() != *foreign_)
    return world_.violate("what belongs to others was touched");
  world_.fake.here().remove_foreign();
  foreign_.reset();

  if (chance_.is(60)) {
    if (chance_.is(30))
      site_.change(chance_), describe();
    Ended ended;
    // What is still under way may be in the way, or make a first attempt fail.
    for (int i = 0; i < 3 && !ended.succeeded && !world_.violation(); ++i) {
      ended = run(Verb::Up);
      if (i == 0 && !ended.succeeded)
        world_.baton.wait_for_timers();
    }
    if (!ended.succeeded)
      return world_.violate("up does not complete: " + ended.why);
    ended = run(Verb::Up);
    if (!ended.succeeded)
      return world_.violate("up does not complete again: " + ended.why);
    world_.baton.wait_for_timers();
    const Ended again = run(Verb::Up);
    if (!again.succeeded)
      return world_.violate("up does not complete again: " + again.why);
    if (!again.changed_nothing)
      return world_.violate("a second up changes something");
    expect_contents();
    if (const Ended tested = run(Verb::Test); !tested.succeeded && !world_.violation())
      return world_.violate("the tests fail: " + tested.why);
  }
  Ended ended;
  for (int i = 0; i < 3 && !ended.succeeded && !world_.violation(); ++i)
    ended = run(Verb::Down);
  if (!ended.succeeded)
    return world_.violate("down does not complete: " + ended.why);
  expect_empty("after down");
  world_.baton.wait_for_timers();
  expect_empty("after all late effects");
}

void Life::expect_empty(const std::string& when) {
  for (const std::string& object : world_.fake.here().objects()) {
    if (object.find("encamp.images") == std::string::npos)
      return world_.violate(fmt::format("{} is left {}", object, when));
  }
  if (!world_.store.rows.empty())
    world_.violate("a row is left " + when);
}

Life::Ended Life::run(Verb verb, const std::stop_token& stop) {
  Process process(world_, ++processes_);
  constexpr const char* kVerbs[] = {"up", "down", "test"};
  world_.write(fmt::format("process {}: {}", processes_, kVerbs[static_cast<int>(verb)]));
  if (verb == Verb::Up && world_.is_traced())
    world_.write("\n" + text_);
  Ended ended;
  try {
    SimulatedJournal journal(world_.store, process);
    ended = verb == Verb::Up     ? run_up(process, journal, stop)
            : verb == Verb::Down ? run_down(process, journal, stop)
                                 : run_tests(process, journal, stop);
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
Life::Ended Life::run_up(Process& process, Journal& journal, const std::stop_token& stop) {
  Deployment facts = journal.deployment().value_or(Deployment());
  if (facts.id.empty())
    facts.id = make_uuid(process);
  facts.name = resolved_.name;
  facts.tests = resolved_.tests;
  find_needs();
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
  const Plan plan = make_plan(bound, registry_, records, observe(records, offers));
  world_.updates.clear();
  world_.staying.clear();
  for (const Action& action : plan.actions) {
    if (action.verb == Action::Verb::Update)
      world_.updates.insert(action.address);
    if (action.resource.component == "node" &&
        (action.verb == Action::Verb::Update || action.verb == Action::Verb::Keep))
      world_.staying.insert(action.address);
  }
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

Life::Ended Life::run_down(Process& process, Journal& journal, const std::stop_token& stop) {
  world_.needs.clear();
  world_.updates.clear();
  world_.staying.clear();
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
  NoEvidence collected;
  std::string why;
  const Outcome outcome = in_environment(process, journal, stop, [&](Environment& environment) {
    const TestRun run = encamp::run_tests({}, collected, environment);
    for (const TestResult& result : run.results) {
      if (!result.why.empty())
        why = fmt::format("{} on {}: {}", result.address, result.node, result.why);
    }
    return run.outcome;
  });
  if (journal.records() != before)
    world_.violate("tests change the journal");
  return {.succeeded = outcome.succeeded(), .why = why};
}

Outcome Life::in_environment(Process& process, Journal& journal, const std::stop_token& stop,
                             const std::function<Outcome(Environment&)>& use) {
  NoEvents events(world_);
  NoEvidence evidence;
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
