#include "engine/run/scheduler.h"

#include <algorithm>
#include <cassert>
#include <numeric>

#include "engine/mutant.h"

namespace encamp {

Scheduler::Scheduler(std::vector<Step> steps, Bounds bounds)
    : steps_(std::move(steps)),
      bounds_(bounds),
      states_(steps_.size(), State::Waiting),
      causes_(steps_.size(), 0),
      needed_by_(steps_.size()),
      before_(steps_.size()),
      order_(steps_.size()),
      open_(steps_.size(), 0) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    for (const std::size_t need : steps_[i].needs)
      needed_by_[need].push_back(i);
    for (const std::size_t earlier : steps_[i].after)
      before_[earlier].push_back(i);
    open_[i] = static_cast<int>(steps_[i].needs.size() + steps_[i].after.size());
  }

  // Topological order (Kahn), then the longest path from its end to its beginning.
  std::vector<int> open = open_;
  std::vector<std::size_t> sorted;
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    if (open[i] == 0)
      sorted.push_back(i);
  }
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (const auto* later : {&needed_by_[sorted[i]], &before_[sorted[i]]}) {
      for (const std::size_t step : *later) {
        if (--open[step] == 0)
          sorted.push_back(step);
      }
    }
  }
  assert(sorted.size() == steps_.size() && "the steps have a cycle");
  std::vector<Duration> remaining(steps_.size());
  for (std::size_t i = sorted.size(); i-- > 0;) {
    const std::size_t step = sorted[i];
    Duration longest{0};
    for (const auto* later : {&needed_by_[step], &before_[step]}) {
      for (const std::size_t next : *later)
        longest = std::max(longest, remaining[next]);
    }
    remaining[step] = longest + std::max(steps_[step].estimate, Duration(1));
  }
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::ranges::stable_sort(order_, std::greater<>{},
                           [&](std::size_t step) { return remaining[step]; });
}

bool Scheduler::can_start(std::size_t step) const {
  if (states_[step] != State::Waiting || open_[step] > 0)
    return false;
  const auto count = [](const std::map<std::string, int>& counts, const std::string& name) {
    const auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  };
  const Step& s = steps_[step];
  return (!s.heavy || heavy_running_ < bounds_.heavy) &&
         count(on_host_, s.host) < bounds_.per_host &&
         (s.lane.empty() || count(on_lane_, s.lane) == 0);
}

std::vector<std::size_t> Scheduler::start() {
  std::vector<std::size_t> begun;
  if (stopped_)
    return begun;
  for (const std::size_t step : order_) {
    if (running_ >= bounds_.in_all)
      break;
    if (!can_start(step))
      continue;
    states_[step] = State::Running;
    ++running_;
    heavy_running_ += steps_[step].heavy ? 1 : 0;
    ++on_host_[steps_[step].host];
    ++on_lane_[steps_[step].lane];
    begun.push_back(step);
  }
  return begun;
}

void Scheduler::end(std::size_t step, State state) {
  if (states_[step] == State::Running) {
    --running_;
    heavy_running_ -= steps_[step].heavy ? 1 : 0;
    --on_host_[steps_[step].host];
    --on_lane_[steps_[step].lane];
  }
  states_[step] = state;
  ++ended_;
  for (const std::size_t next : needed_by_[step])
    --open_[next];
  for (const std::size_t next : before_[step])
    --open_[next];
}

void Scheduler::done(std::size_t step) {
  assert(states_[step] == State::Running);
  end(step, State::Done);
}

std::vector<std::size_t> Scheduler::fail(std::size_t step) {
  assert(states_[step] == State::Running);
  end(step, State::Failed);
  std::vector<std::size_t> skipped;
  std::vector<std::size_t> reached = needed_by_[step];
  if (mutant("failure-skips-nothing"))
    reached.clear();
  while (!reached.empty()) {
    const std::size_t next = reached.back();
    reached.pop_back();
    if (states_[next] != State::Waiting)
      continue;
    causes_[next] = step;
    end(next, State::Skipped);
    skipped.push_back(next);
    reached.insert(reached.end(), needed_by_[next].begin(), needed_by_[next].end());
  }
  std::ranges::sort(skipped);
  return skipped;
}

bool Scheduler::is_finished() const {
  return running_ == 0 && (stopped_ || ended_ == steps_.size());
}

}  // namespace encamp
