// What happens to a deployment under one seed, step by step.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "engine/graph/graph.h"
#include "engine/plan/plan.h"
#include "engine/run/deployment.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/process.h"
#include "tests/simulation/random_site.h"
#include "tests/simulation/world.h"

namespace encamp::simulation {

class Life {
 public:
  Life(SimulatedWorld& world, const Registry& registry, std::uint64_t seed);

  void live();

 private:
  enum class Verb { Up, UpObserving, Down, Test };
  struct Ended {
    bool succeeded = false;
    bool changed_nothing = false;
    std::string why;  ///< Not succeeded.
  };

  /// What others put where ours would lie, as far as nothing is there.
  struct Foreign {
    bool network = false;
    bool guest = false;
    bool redefined = false;  ///< A person defined ours anew and left the owner out.
    bool pool = false;
  };
  /// Something that happens beside the calls.
  struct Happening {
    std::string what;
    Baton::Time after{0};  ///< From the beginning of its step.
    std::function<void()> begin = {};
    Baton::Time lasts{0};
    std::function<void()> end = {};  ///< May be missing.
  };

  /// What the process of another deployment left that died while it made our image.
  enum class Leftover { None, Half, MarkerUnderWay, RemovalUnderWay };

  static const char* word_of(Verb verb);
  void describe();
  void find_needs();
  void expect(const Plan& plan);
  void bad_step(int step);
  void good_end();
  void expect_up(Verb verb);
  bool change_by_hand(int changes);
  std::vector<std::function<void()>> changes_by_hand();
  std::string secret() const;
  test::FakeMachine* machine_of(const std::string& node) const;
  void leave_image(Leftover leftover, Isolation isolation, Baton::Time delay);
  Foreign draw_foreign();
  void add_foreign(const Foreign& drawn);
  std::vector<Happening> draw_happenings();
  void schedule(const Happening& happening);
  /// `number` is the process's, the same whatever is left out of a life.
  Ended run(Verb verb, int number, const std::stop_token& stop = {});
  Ended run_up(Process& process, Journal& journal, const std::stop_token& stop, bool observes);
  Ended run_down(Process& process, Journal& journal, const std::stop_token& stop);
  Ended run_tests(Process& process, Journal& journal, const std::stop_token& stop);
  Outcome in_environment(Process& process, Journal& journal, const std::stop_token& stop,
                         const std::function<Outcome(Environment&)>& use);
  void expect_empty(const std::string& when);
  void expect_contents();
  void expect_images();

  SimulatedWorld& world_;
  const Registry& registry_;
  Chance chance_;
  const bool is_wide_;
  RandomSite site_;
  std::string text_;
  std::string told_;  ///< The text in the trace so far.
  Site resolved_;
  Graph graph_;
  int processes_ = 0;          ///< Numbers given so far.
  Baton::Time events_end_{0};  ///< Until when the host or the disk may meet something.
  std::optional<std::vector<std::string>> foreign_;
};

}  // namespace encamp::simulation
