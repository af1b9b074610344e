// One simulated run of the program: the world as it sees it, until it ends or dies.
//
//     Process process(world, 1);
//     process.host("here").create_network(spec);   // a point: anything may happen
//
// A dead process throws Killed in every call. What it had begun may still take effect.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "engine/world/world.h"
#include "tests/simulation/baton_executor.h"
#include "tests/simulation/world.h"

namespace encamp::simulation {

class Process : public World, public Clock, public Random {
 public:
  Process(SimulatedWorld& world, int number);
  ~Process() override;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  SimulatedWorld& world() { return *world_; }
  BatonExecutor& executor() { return executor_; }
  bool is_dead() const { return dead_; }
  void die(const std::string& point);
  /// Dies unless nothing of it runs any more, and waits for its threads.
  void end_threads();
  int calls() const { return calls_; }
  int writes() const { return writes_; }  ///< Effects on the world, but for the journal.
  /// Nothing of the world answers this process any more, and it does not know why. What it has
  /// under way may still come.
  void cut_off();
  bool is_cut_off() const { return cut_at_.has_value(); }

  Host& host(const std::string& name) override;
  std::vector<std::string> host_names() override { return {"here"}; }
  Workshop& workshop() override { return *workshop_; }
  Clock& clock() override { return *this; }
  Random& random() override { return *this; }
  SshKey make_ssh_key() override;
  std::unique_ptr<Guest> connect(const Login& login, Clock::Instant deadline,
                                 std::stop_token stop) override;

  Instant now() override { return Instant(world_->baton.now()); }
  WallTime wall_time() override;
  void sleep(std::chrono::nanoseconds duration, std::stop_token stop) override;
  std::string bytes(std::size_t count) override { return world_->fake.random().bytes(count); }

  enum class Of { Host, Guest, Here };

  /// A call that changes nothing.
  template <typename Effect>
  auto ask(Of of, std::string_view call, std::string_view object, Effect effect) {
    const Fate fate = begin(call, object);
    pause(fate.before);
    fail_before(fate, of);
    auto result = effect();
    end(fate);
    return result;
  }

  /// A call with an effect, which may come later: `effect` owns all that it uses. Where it fails,
  /// `half` of it may have been done.
  template <typename Effect, typename Half = std::nullptr_t>
  auto change(Of of, std::string_view call, std::string_view object, Effect effect,
              Half half = nullptr) {
    const Fate fate = begin(call, object);
    const auto land_later = [this, &fate, &effect](const std::string& point) {
      world_->later(fate.late, point, [effect]() mutable {
        try {
          effect();
        } catch (const Error&) {
          return;  // Nobody hears of it.
        }
      });
    };
    pause_or(fate, land_later);
    if (cut_at_ && *cut_at_ >= world_->baton.now() - fate.before && of != Of::Here &&
        fate.late.count() % 2 == 0 && may_land(fate))
      land_later("under way when it was cut off");
    if constexpr (!std::is_same_v<Half, std::nullptr_t>) {
      if ((fate.fault == Fault::Fails || fate.fault == Fault::DiesBefore) && fate.leaves_half &&
          reaches(of)) {
        try {
          half();
        } catch (const Error&) {
          // Not even that.
        }
        world_->look();
      }
    }
    fail_before(fate, of);
    if (fate.fault == Fault::Late || fate.fault == Fault::DiesLate) {
      land_later(fate.point);
      if (fate.fault == Fault::DiesLate)
        die(fate.point);
      give_up(fate, of);
    }
    ++writes_;
    if constexpr (std::is_void_v<decltype(effect())>) {
      effect();
      world_->look();
      end(fate);
    } else {
      auto result = effect();
      world_->look();
      end(fate);
      return result;
    }
  }

 private:
  friend class SimulatedJournal;

  Fate begin(std::string_view call, std::string_view object);
  /// Waits; throws Killed when the process is dead afterwards.
  void pause(Baton::Time duration);
  template <typename Later>
  void pause_or(const Fate& fate, Later later) {
    try {
      pause(fate.before);
    } catch (const Killed&) {  // Another thread of the process met its end: this call is under way.
      if (fate.late.count() % 2 == 0 && may_land(fate))
        later("under way");
      throw;
    }
  }
  /// Of what was under way when the process was cut off nothing comes later than of any call.
  bool may_land(const Fate& fate) const {
    return !cut_at_ || world_->baton.now() + fate.late <= *cut_at_ + SimulatedWorld::kLongestDelay;
  }
  bool reaches(Of of) const { return of == Of::Here || (world_->host_is_up && !cut_at_); }
  void fail_before(const Fate& fate, Of of);
  [[noreturn]] void give_up(const Fate& fate, Of of);
  void end(const Fate& fate);

  SimulatedWorld* world_;
  const int number_;
  bool dead_ = false;
  std::optional<Baton::Time> cut_at_;
  int calls_ = 0;
  int writes_ = 0;
  std::vector<Baton::Member*> waiting_;
  BatonExecutor executor_;
  std::unique_ptr<Host> host_;
  std::unique_ptr<Workshop> workshop_;
};

std::unique_ptr<Host> make_simulated_host(Process& process);
std::unique_ptr<Guest> make_simulated_guest(Process& process, const std::string& address,
                                            std::unique_ptr<Guest> inside);

}  // namespace encamp::simulation
