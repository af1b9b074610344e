// What goes wrong in a fake world, and when.
//
// Every call into a fake passes through call(). By default a failing call fails *after* it took
// effect, as a network does that loses the reply. Threads: any.
//
//     Faults faults;
//     faults.fail("start_guest", Error(ErrorKind::Unavailable, "connection reset"));
//     faults.kill_at(17, Faults::When::After);  // the process dies in its 17th call
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/error.h"
#include "engine/world/world.h"

namespace encamp::test {

class Faults {
 public:
  enum class When { Before, After };

  /// The `nth` call named `name` from here on throws `error`; `times` calls in a row do.
  void fail(const std::string& name, Error error, int nth = 1, When when = When::After,
            int times = 1);

  /// The `nth` call from here on, whatever its name, throws Killed, and so does every later one.
  void kill_at(int nth, When when);
  /// A new process: nothing is planned to fail, and counting starts anew.
  void revive();

  bool is_dead() const;
  int calls() const;  ///< Since the beginning, or revive().
  int calls(const std::string& name) const;
  std::vector<std::string> log() const;  ///< Names of the calls, in order.

  template <typename Effect>
  auto call(const std::string& name, Effect&& effect) {
    const Fate fate = begin(name);
    if constexpr (std::is_void_v<std::invoke_result_t<Effect>>) {
      std::forward<Effect>(effect)();
      end(fate);
    } else {
      auto result = std::forward<Effect>(effect)();
      end(fate);
      return result;
    }
  }

 private:
  struct Failure {
    int after = 0;  ///< Calls that pass before.
    int times = 1;
    When when = When::After;
    Error error;
  };
  struct Fate {
    bool killed = false;
    std::vector<Error> error;  ///< At most one.
  };

  Fate begin(const std::string& name);
  static void end(const Fate& fate);

  mutable std::mutex mutex_;  ///< Of all below.
  std::multimap<std::string, Failure> failures_;
  int kill_in_ = 0;  ///< 0: not planned.
  When kill_when_ = When::After;
  bool dead_ = false;
  std::vector<std::string> log_;
};

}  // namespace encamp::test
