// The world that outlives processes: one host with all that is on it, the weather that calls pass
// through, and what must hold at every moment. One seed decides everything.
//
// Each call of a process (process.h) is a *point*: time may pass there, another thread may go on,
// the call may fail before or after its effect, the effect may come late or never, or the process
// ends. Which of these is drawn from the seed and the call's name, object and number: leaving one
// fault out leaves the others as they are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "engine/state/record.h"
#include "tests/simulation/baton.h"
#include "tests/simulation/store.h"
#include "tests/support/fake_world.h"

namespace encamp::simulation {

class Process;

enum class Fault { None, Fails, LosesReply, Late, Slow, DiesBefore, DiesAfter, DiesLate };

/// How often something goes wrong, in 1,000 calls.
struct Weather {
  int fails = 0;       ///< Before it took effect.
  int loses = 0;       ///< The reply, after it took effect.
  int comes_late = 0;  ///< Its effect, after the caller has given up.
  int is_slow = 0;     ///< Up to 30 s.
  int kills = 0;       ///< The process, before, after, or while the effect is on its way.
};

struct Fate {
  Fault fault = Fault::None;
  Baton::Time before{0};     ///< Until the effect.
  Baton::Time after{0};      ///< From the effect to the reply.
  Baton::Time late{0};       ///< Until a late effect.
  bool leaves_half = false;  ///< Where it fails, and can.
  std::string point;         ///< Names the call; of faults and when tracing only.
};

/// What a run left out or wrote down, for the search of what matters.
struct Looking {
  bool traced = false;
  /// Only these points may be struck by faults; nothing: all.
  std::optional<std::set<std::string>> only = {};
  /// More than 0: fine weather but for this call, the `kill_at`th of all, at which the process dies
  /// in the way of `kill_how`.
  int kill_at = 0;
  Fault kill_how = Fault::DiesBefore;
  /// Sites of the plain kind alone (random_site.h), nothing changed by hand: lives as they were.
  bool plain = false;
};

class SimulatedWorld {
 public:
  SimulatedWorld(Baton& baton, std::uint64_t seed, const Looking& looking);

  /// No call takes effect later than this after its caller has given up.
  static constexpr Baton::Time kLongestDelay = std::chrono::seconds(5);

  Baton& baton;
  test::FakeWorld fake;
  Store store;
  Weather weather;
  bool host_is_up = true;
  Duration wall_shift{0};  ///< What people have done to the clock on the wall.
  /// What each resource needs by the description that is being deployed.
  std::map<Address, std::vector<Address>> needs;
  /// By the plan that is carried out: what is updated, and the nodes that stay.
  std::set<Address> updates;
  std::set<Address> staying;
  /// By what is updated or removed, the removals that this waits for because of something between.
  std::map<Address, std::set<Address>> waiting;

  /// Of the item whose command is run: a command may run once in each.
  std::string running_life;
  std::string life_of(const Command& command) const;
  /// Somebody took the command's product away: it may run once more.
  void forget_run(const test::FakeMachine* machine, const std::string& product);
  /// Throws nothing; `text` leaves the program or is recorded: no secret may be in it.
  void check_open(std::string_view text, const std::string& where);
  /// To be called when a row says that the item is there: then its command has run.
  void check_ran(const Record& item);

  /// By node: what an item has noted as its own. Baked packages are noted late, and what was asked
  /// for when the node was made and was changed twice before that is forgotten.
  std::map<Address, std::set<std::string>> noted_packages;

  /// Whether something happens that is no call's fate: to the host, by people. Written down as one,
  /// so that the search of what matters can leave it out.
  bool happens(const std::string& what);
  /// What the next call of a process meets.
  Fate fate_of(int process, std::string_view call, std::string_view object);
  /// Lets `effect` happen after `delay`, unless the host has started anew meanwhile.
  void later(Baton::Time delay, const std::string& point, std::function<void()> effect);
  void reboot_host();

  /// To be called after each effect on the host or the journal.
  void look();
  void violate(const std::string& what);
  const std::optional<std::string>& violation() const { return violation_; }

  void enter(Process& process) { processes_.insert(&process); }
  void leave(Process& process) { processes_.erase(&process); }
  /// Who builds an image just now, by its key: none else does.
  std::map<std::string, Process*> builders;
  /// Cuts off all processes and takes the journal's lock from them, as when somebody removes it.
  void take_over();

  void write(const std::string& line);  ///< Into the trace.
  bool is_traced() const { return looking_.traced; }
  const std::vector<std::string>& trace() const { return trace_; }
  const std::vector<std::string>& faults() const { return faults_; }  ///< Points that were struck.
  std::uint64_t digest() const { return digest_; }  ///< Of all that happened, in order.
  int calls() const { return calls_; }
  const Looking& looking() const { return looking_; }
  bool is_landing() const { return landing_; }  ///< A late effect is just taking place.

 private:
  CommandResult run(test::FakeMachine& machine, const Command& command);
  void check_needs(const Address& item);
  void check_undo(const Address& item);
  bool was_there(const Address& node) const;

  const std::uint64_t seed_;
  const Looking& looking_;
  std::unordered_map<std::uint64_t, int> counts_;  ///< Calls so far, by what they are.
  std::set<Process*> processes_;
  std::map<std::tuple<test::FakeMachine*, std::string, std::string>, int> runs_;
  std::set<std::pair<std::string, std::string>> ran_;  ///< Command and life, on any machine.
  std::map<std::pair<test::FakeMachine*, std::string>, int> tries_;
  std::optional<std::string> violation_;
  std::vector<std::string> trace_;
  std::vector<std::string> faults_;
  std::uint64_t digest_ = 0;
  int calls_ = 0;
  int boots_ = 0;
  std::size_t misuses_ = 0;
  bool landing_ = false;
};

}  // namespace encamp::simulation
