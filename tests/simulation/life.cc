#include "tests/simulation/life.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/bind/bind.h"
#include "engine/graph/compile.h"
#include "engine/world/image_store.h"
#include "tests/support/described.h"

namespace encamp::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

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

const char* Life::word_of(Verb verb) {
  constexpr const char* kWords[] = {"up", "up --observe", "down", "test"};
  return kWords[static_cast<std::size_t>(verb)];
}

Life::Life(SimulatedWorld& world, const Registry& registry, std::uint64_t seed)
    : world_(world),
      registry_(registry),
      chance_(mix(seed ^ 0x51fe)),
      is_wide_(!world.looking().plain && mix(seed ^ 0x71de) % 2 == 0),
      site_(chance_, is_wide_ ? RandomSite::Kind::Wide : RandomSite::Kind::Plain) {
  if (is_wide_)
    world_.fake.files = RandomSite::originals();
  describe();
}

void Life::live() {
  if (world_.looking().kill_at > 0) {
    for (const Verb verb : {Verb::Up, chance_.is(50) ? Verb::Up : Verb::Down}) {
      if (!world_.violation())
        run(verb, ++processes_);
    }
    if (!world_.violation())
      good_end();
    return;
  }
  const int steps = chance_.between(1, 4);
  for (int step = 1; step <= steps && !world_.violation(); ++step)
    bad_step(step);
  if (!world_.violation())
    good_end();
}

void Life::describe() {
  text_ = site_.text();
  test::Described described =
      test::describe("lab.yaml", text_, registry_, test::MapLoader(RandomSite::archives()));
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

// An `up` or `down` that meets whatever there is; what comes of it does not matter. All is drawn
// first, so that a step or an event that is left out leaves the others as they are.
void Life::bad_step(int step) {
  const std::string name = fmt::format("step {}", step);
  const Weather weather = weather_of(chance_);
  if (chance_.is(30))
    site_.change(chance_), describe();
  const std::optional<Foreign> foreign =
      chance_.is(8) ? std::optional(draw_foreign()) : std::nullopt;
  const std::vector<Happening> happenings = draw_happenings();
  Verb verb = chance_.is(65) ? Verb::Up : chance_.is(85) ? Verb::Down : Verb::Test;
  Leftover leftover = Leftover::None;
  Isolation isolation = Isolation::Container;
  Baton::Time delay{0};
  if (is_wide_) {
    if (verb == Verb::Up && chance_.is(25))
      verb = Verb::UpObserving;
    leftover = static_cast<Leftover>(chance_.is(10) ? chance_.between(1, 3) : 0);
    isolation = chance_.is(20) ? Isolation::Machine : Isolation::Container;
    delay = milliseconds(chance_.between(1, 5000));
  }
  const milliseconds interrupted_after(chance_.is(10) ? chance_.between(1, 3000) : 0);
  struct Other {
    Verb verb;
    milliseconds pause;
    bool takes_over;
  };
  std::optional<Other> other;
  if (chance_.is(10)) {  // Somebody else works on it at the same time.
    const Verb what = chance_.is(50) ? Verb::Up : Verb::Down;
    const milliseconds pause(chance_.between(0, 2000));
    other = {what, pause, chance_.is(50)};
  }
  const milliseconds pause(chance_.is(30) ? chance_.between(1, 8000) : 0);
  const int number = processes_ + 1;
  processes_ += other ? 2 : 1;

  if (!world_.happens(fmt::format("{}: {}", name, word_of(verb))))
    return;
  world_.weather = weather;
  if (foreign && world_.happens(name + ": others have things of our names"))
    add_foreign(*foreign);
  if (leftover != Leftover::None && world_.happens(name + ": another deployment left an image"))
    leave_image(leftover, isolation, delay);
  for (const Happening& happening : happenings) {
    if (world_.happens(fmt::format("{}: {}", name, happening.what)))
      schedule(happening);
  }
  std::stop_source stop;
  if (interrupted_after.count() > 0 && world_.happens(name + ": Ctrl-C"))
    world_.baton.at(world_.baton.now() + interrupted_after,
                    [stop]() mutable { stop.request_stop(); });
  if (!other || !world_.happens(fmt::format("{}: and another {}", name, word_of(other->verb)))) {
    run(verb, number, stop.get_token());
  } else {
    bool other_ended = false;
    Baton::Member* waiting = nullptr;
    world_.baton.start([&] {
      world_.baton.sleep(other->pause);
      if (other->takes_over)
        world_.take_over();
      run(other->verb, number + 1);
      other_ended = true;
      if (waiting != nullptr)
        world_.baton.wake(waiting);
    });
    run(verb, number, stop.get_token());
    waiting = world_.baton.self();
    while (!other_ended)
      world_.baton.wait_until(Baton::kNever);
  }
  if (pause.count() > 0)
    world_.baton.sleep(pause);
}

// What happens to the host, the disk and the clock on the wall meanwhile.
std::vector<Life::Happening> Life::draw_happenings() {
  const auto soon = [this] { return milliseconds(chance_.between(1, 4000)); };
  std::vector<Happening> all;
  if (chance_.is(10)) {
    const seconds by(chance_.between(-1'000'000, 1'000'000));
    all.push_back({.what = "the clock on the wall jumps", .after = soon(), .begin = [this, by] {
                     world_.wall_shift += by;
                   }});
  }
  if (chance_.is(10)) {
    Happening away{.what = "the host starts anew", .after = soon()};
    away.begin = [this] {
      world_.host_is_up = false;
      world_.reboot_host();
    };
    away.lasts = seconds(chance_.between(1, 60));
    away.end = [this] { world_.host_is_up = true; };
    all.push_back(std::move(away));
  }
  if (chance_.is(10)) {
    Happening full{.what = "the journal's disk is full", .after = soon()};
    full.begin = [this] { world_.store.is_full = true; };
    full.lasts = milliseconds(chance_.between(1, 4000));
    full.end = [this] { world_.store.is_full = false; };
    all.push_back(std::move(full));
  }
  return all;
}

void Life::schedule(const Happening& happening) {
  const Baton::Time begin = world_.baton.now() + happening.after;
  world_.baton.at(begin, [this, happening] {
    world_.write(happening.what);
    happening.begin();
  });
  if (!happening.end)
    return;
  const Baton::Time end = begin + happening.lasts;
  world_.baton.at(end, [this, happening] {
    world_.write("over: " + happening.what);
    happening.end();
  });
  events_end_ = std::max(events_end_, end);
}

std::string Life::secret() const {
  const Record* key = nullptr;  // The last generation.
  for (const auto& [at, record] : world_.store.rows)
    key = at.first == "resources.key" ? &record : key;
  if (key == nullptr || !key->attributes.contains("value"))
    return {};
  const auto kept = world_.store.secrets.find(key->attributes.at("value").secret().name());
  return kept == world_.store.secrets.end() ? std::string() : kept->second;
}

test::FakeMachine* Life::machine_of(const std::string& name) const {
  const Record* node = nullptr;
  for (const auto& [key, record] : world_.store.rows) {
    if (key.first == "nodes." + name)
      node = &record;
  }
  const auto address =
      node == nullptr ? std::nullopt : chosen_attribute("node", node->properties, "address");
  return address ? world_.fake.machine(address->text()) : nullptr;
}

// What nodes start from is whole, whoever else works at it.
void Life::expect_images() {
  for (const auto& [key, record] : world_.store.rows) {
    if (record.component != "image")
      continue;
    for (const auto& [kind, parts] : record.attributes) {
      for (const Value::Entry& part : parts.mapping()) {
        if (part.key != "key" && part.key != "pool" &&
            !world_.fake.here().find_volume({kImagePool, part.value.text()}))
          return world_.violate(fmt::format("{} of {} is not there", part.key, key.first));
      }
    }
  }
}

// What the description says of the inside of nodes, and nothing else of the kind.
void Life::expect_contents() {
  for (const RandomSite::Inside& inside : site_.insides(secret())) {
    const test::FakeMachine* machine = machine_of(inside.node);
    if (machine == nullptr)
      return world_.violate(fmt::format("node {} is not there after up", inside.node));
    const std::string wrong =
        inside.what_differs(*machine, world_.noted_packages["nodes." + inside.node]);
    if (!wrong.empty())
      return world_.violate(fmt::format("on node {} {}", inside.node, wrong));
  }
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
    expect_up(Verb::Up);
    if (is_wide_ && chance_.is(40) && !world_.violation() && change_by_hand(chance_.between(1, 3)))
      expect_up(Verb::UpObserving);
    if (world_.violation())
      return;
    if (const Ended tested = run(Verb::Test, ++processes_); !tested.succeeded)
      return world_.violate("the tests fail: " + tested.why);
  }
  Ended ended;
  for (int i = 0; i < 3 && !ended.succeeded && !world_.violation(); ++i)
    ended = run(Verb::Down, ++processes_);
  if (!ended.succeeded)
    return world_.violate("down does not complete: " + ended.why);
  expect_empty("after down");
  world_.baton.wait_for_timers();
  expect_empty("after all late effects");
}

// It completes, all is as described, and another one changes nothing.
void Life::expect_up(Verb verb) {
  const std::string word = word_of(verb);
  Ended ended;
  // What is still under way may be in the way, or make a first attempt fail; and so does each flaky
  // command, of which an attempt may see one alone.
  const int attempts = 3 + site_.flaky_commands();
  for (int i = 0; i < attempts && !ended.succeeded && !world_.violation(); ++i) {
    ended = run(verb, ++processes_);
    if (i == 0 && !ended.succeeded)
      world_.baton.wait_for_timers();
  }
  if (!ended.succeeded)
    return world_.violate(word + " does not complete: " + ended.why);
  if (world_.violation())
    return;
  ended = run(verb, ++processes_);
  if (!ended.succeeded)
    return world_.violate(word + " does not complete again: " + ended.why);
  world_.baton.wait_for_timers();
  const Ended again = run(verb, ++processes_);
  if (!again.succeeded)
    return world_.violate(word + " does not complete again: " + again.why);
  if (!again.changed_nothing)
    return world_.violate("a second " + word + " changes something");
  expect_contents();
  expect_images();
}

void Life::expect_empty(const std::string& when) {
  for (const std::string& object : world_.fake.here().objects()) {
    if (object.find("encamp.images") == std::string::npos)
      return world_.violate(fmt::format("{} is left {}", object, when));
  }
  if (!world_.store.rows.empty())
    world_.violate("a row is left " + when);
}

}  // namespace encamp::simulation
