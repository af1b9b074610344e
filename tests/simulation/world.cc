#include "tests/simulation/world.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/state/current_records.h"
#include "tests/simulation/process.h"

namespace encamp::simulation {
namespace {

constexpr const char* kImages = "encamp.images";

bool is_shared(const Claim& claim) {
  return claim.name == kImages || claim.pool == kImages;
}

std::string text_of(const Claim& claim) {
  switch (claim.kind) {
    case Claim::Kind::Network:
      return "network " + claim.name;
    case Claim::Kind::Pool:
      return "pool " + claim.name;
    case Claim::Kind::Volume:
      return fmt::format("volume {}/{}", claim.pool, claim.name);
    case Claim::Kind::Guest:
      return "guest " + claim.name;
  }
  return "?";
}

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::None:
      return "";
    case Fault::Fails:
      return "fails";
    case Fault::LosesReply:
      return "loses its reply";
    case Fault::Late:
      return "fails, its effect comes late";
    case Fault::Slow:
      return "is slow";
    case Fault::DiesBefore:
      return "the process dies before it";
    case Fault::DiesAfter:
      return "the process dies after it";
    case Fault::DiesLate:
      return "the process dies, its effect comes late";
  }
  return "?";
}

Baton::Time part_of(std::uint64_t random, Baton::Time longest) {
  return Baton::Time(
      static_cast<std::int64_t>(random % static_cast<std::uint64_t>(longest.count())));
}

// `do ADDRESS ...`: the second word.
std::string second_word(const std::string& text) {
  const std::size_t begin = text.find(' ') + 1;
  return text.substr(begin, text.find(' ', begin) - begin);
}

// An item that went and came again with the same generation has another mark.
std::string life_of_row(const Record& record) {
  const auto mark = record.notes.find(encamp::kLifeNote);
  return fmt::format("{} {}", record.generation,
                     mark == record.notes.end() ? std::string() : mark->second.text());
}

}  // namespace

SimulatedWorld::SimulatedWorld(Baton& the_baton, std::uint64_t seed, const Looking& looking)
    : baton(the_baton), seed_(mix(seed)), looking_(looking) {
  fake.shell = [this](test::FakeMachine& machine, const Command& command) {
    return run(machine, command);
  };
}

bool SimulatedWorld::happens(const std::string& what) {
  if (looking_.only && !looking_.only->contains(what))
    return false;
  faults_.push_back(what);
  return true;
}

Fate SimulatedWorld::fate_of(int process, std::string_view call, std::string_view object) {
  const std::uint64_t what =
      mix(hash_of(call) ^ mix(hash_of(object)) ^ static_cast<std::uint64_t>(process));
  const int count = ++counts_[what];
  const std::uint64_t drawn = mix(seed_ ^ mix(what + static_cast<std::uint64_t>(count)));
  ++calls_;
  digest_ = mix(digest_ ^ drawn ^ static_cast<std::uint64_t>(baton.now().count()));

  using std::chrono::milliseconds;
  using std::chrono::seconds;
  Fate fate;
  const std::uint64_t more = mix(drawn);
  if (more % 2 == 0)
    fate.before = part_of(mix(more), milliseconds(20));
  if (more % 5 == 0)
    fate.after = part_of(mix(more + 1), milliseconds(20));
  fate.late = part_of(mix(more + 2), more % 3 == 0 ? milliseconds(100) : kLongestDelay);

  fate.leaves_half = more / 7 % 2 == 0;

  int roll = static_cast<int>(drawn % 1000);
  const auto strikes = [&roll](int permille) {
    roll -= permille;
    return roll < 0;
  };
  if (strikes(weather.fails))
    fate.fault = Fault::Fails;
  else if (strikes(weather.loses))
    fate.fault = Fault::LosesReply;
  else if (strikes(weather.comes_late))
    fate.fault = Fault::Late;
  else if (strikes(weather.is_slow))
    fate.fault = Fault::Slow;
  else if (strikes(weather.kills))
    fate.fault = std::array{Fault::DiesBefore, Fault::DiesAfter, Fault::DiesLate}[more / 7 % 3];

  if (calls_ == looking_.kill_at && process <= 2)
    fate.fault = looking_.kill_how;

  if (fate.fault != Fault::None || is_traced())
    fate.point =
        fmt::format("{} {}{}{} #{}", process, call, object.empty() ? "" : " ", object, count);
  if (fate.fault != Fault::None && looking_.only && !looking_.only->contains(fate.point))
    fate.fault = Fault::None;
  if (fate.fault == Fault::Slow)
    fate.before += part_of(more, seconds(30));
  if (fate.fault != Fault::None)
    faults_.push_back(fate.point);
  if (is_traced())
    write(fmt::format("{}{}{}", fate.point, fate.fault == Fault::None ? "" : ": ",
                      name_of(fate.fault)));
  return fate;
}

void SimulatedWorld::later(Baton::Time delay, const std::string& point,
                           std::function<void()> effect) {
  baton.at(baton.now() + delay, [this, boots = boots_, point, land = std::move(effect)] {
    if (boots != boots_)
      return;
    write(fmt::format("    late: {}", point));
    landing_ = true;
    land();
    landing_ = false;
    look();
  });
}

void SimulatedWorld::reboot_host() {
  ++boots_;
  fake.here().reboot();
  write("the host starts anew");
}

void SimulatedWorld::take_over() {
  for (Process* process : processes_)
    process->cut_off();
  store.writer = nullptr;
}

void SimulatedWorld::write(const std::string& line) {
  if (is_traced() && (!violation_ || line.starts_with("VIOLATION")))
    trace_.push_back(
        fmt::format("{:>9.3f} s  {}", std::chrono::duration<double>(baton.now()).count(), line));
}

void SimulatedWorld::violate(const std::string& what) {
  if (violation_)
    return;
  violation_ = what;
  write("VIOLATION: " + what);
  for (Process* process : processes_)
    process->die("");
}

// Everything that exists has a row with its claim. Nothing is done that breaks what stands.
void SimulatedWorld::look() {
  for (const Claim& claim : fake.here().ours()) {
    const bool known =
        is_shared(claim) || std::ranges::any_of(store.rows, [&](const auto& row) {
          return std::ranges::find(row.second.claims, claim) != row.second.claims.end();
        });
    if (!known)
      violate(text_of(claim) + " exists and no row knows it");
  }
  const std::vector<std::string> misuse = fake.here().misuse();
  if (misuse.size() > misuses_) {
    misuses_ = misuse.size();
    violate(misuse.back());
  }
}

// `do ADDRESS ...` succeeds once on a machine; with `flaky` it fails at first. `undo ADDRESS ...`.
CommandResult SimulatedWorld::run(test::FakeMachine& machine, const Command& command) {
  if (!command.text.starts_with("do ") && !command.text.starts_with("undo "))
    return {};
  if (command.text.find(" flaky") != std::string::npos && ++tries_[{&machine, command.text}] == 1)
    return {.exit = 1, .errors = "not this time\n"};
  if (++runs_[{&machine, command.text, running_life}] > 1)
    violate(fmt::format("'{}' ran twice", command.text));
  ran_.insert({command.text, running_life});
  if (const std::size_t at = command.text.find(" > "); at != std::string::npos) {
    const std::string path = command.text.substr(at + 3);
    machine.files[path] = {.path = path};
  }
  if (!landing_) {
    if (command.text.starts_with("do "))
      check_needs(second_word(command.text));
    else
      check_undo(second_word(command.text));
  }
  return {.output = command.text};
}

void SimulatedWorld::forget_run(const test::FakeMachine* machine, const std::string& product) {
  std::erase_if(runs_, [&](const auto& run) {
    return std::get<0>(run.first) == machine && std::get<1>(run.first).ends_with(" > " + product);
  });
}

void SimulatedWorld::check_open(std::string_view text, const std::string& where) {
  for (const auto& [name, secret] : store.secrets) {
    if (name.starts_with("resources.") && !secret.empty() &&
        text.find(secret) != std::string_view::npos)
      violate(fmt::format("{} is open in {}", name, where));
  }
}

std::string SimulatedWorld::life_of(const Command& command) const {
  const Address item = second_word(command.text);
  std::string life;
  const bool is_undo = command.text.starts_with("undo ");
  for (const auto& [key, record] : store.rows) {
    if (key.first == item && is_undo == (record.life == encamp::Life::Removing))
      life = life_of_row(record);
  }
  return life;
}

// With 'creates' it need not have: its product may be there from before.
void SimulatedWorld::check_ran(const Record& item) {
  const auto text = item.properties.find("text");
  if (item.component != "command" || text == item.properties.end() ||
      item.properties.contains("creates"))
    return;
  if (!ran_.contains({text->second.text(), life_of_row(item)}))
    violate(
        fmt::format("{} counts as there and '{}' did not run", item.address, text->second.text()));
}

void SimulatedWorld::check_needs(const Address& item) {
  const auto needed = needs.find(item);
  if (needed == needs.end())
    return;
  for (const Address& need : needed->second) {
    const Record* row = nullptr;
    for (const auto& [key, record] : store.rows) {
      if (key.first == need)
        row = &record;  // The last generation.
    }
    if (row == nullptr || row->life != encamp::Life::Present)
      violate(fmt::format("{} runs and {}, which it needs, is {}", item, need,
                          row == nullptr ? "not there" : to_string(row->life)));
  }
}

// Nothing ran on a node that never came up.
bool SimulatedWorld::was_there(const Address& node) const {
  const Record* row = nullptr;  // The last generation.
  for (const auto& [key, record] : store.rows)
    row = key.first == node ? &record : row;
  return row == nullptr || row->life != encamp::Life::Intended;
}

// What needs it is gone before: what has an undo of its own, or lies on a node that stays; else it
// ends with its node. What is kept and needs it no more is updated before.
void SimulatedWorld::check_undo(const Address& item) {
  for (const auto& [key, record] : store.rows) {
    if (std::ranges::find(record.needs, item) == record.needs.end() || !is_standing(record))
      continue;
    const bool is_kept = needs.contains(record.address);
    const Address node(node_of(record.address));
    const bool goes_alone =
        (record.properties.contains("undo") && was_there(node)) || staying.contains(node);
    if (is_kept && needs.contains(item))
      continue;  // It is made anew.
    if (const auto waits = waiting.find(record.address);
        waits != waiting.end() && waits->second.contains(item))
      continue;  // Another reason has it the other way around.
    if (is_kept ? updates.contains(record.address) && record.life == encamp::Life::Present
                : goes_alone)
      violate(fmt::format("{} is undone and {}, which needs it, is {}", item, record.address,
                          to_string(record.life)));
  }
}

}  // namespace encamp::simulation
