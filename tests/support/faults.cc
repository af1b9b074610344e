#include "tests/support/faults.h"

#include <algorithm>

namespace encamp::test {

void Faults::fail(const std::string& name, Error error, int nth, When when, int times) {
  const std::lock_guard lock(mutex_);
  failures_.emplace(name, Failure{nth - 1, times, when, std::move(error)});
}

void Faults::kill_at(int nth, When when) {
  const std::lock_guard lock(mutex_);
  kill_in_ = nth;
  kill_when_ = when;
}

void Faults::revive() {
  const std::lock_guard lock(mutex_);
  failures_.clear();
  kill_in_ = 0;
  dead_ = false;
  log_.clear();
}

bool Faults::is_dead() const {
  const std::lock_guard lock(mutex_);
  return dead_;
}

int Faults::calls() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(log_.size());
}

int Faults::calls(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return static_cast<int>(std::ranges::count(log_, name));
}

std::vector<std::string> Faults::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

Faults::Fate Faults::begin(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (dead_)
    throw Killed{};
  log_.push_back(name);
  if (kill_in_ > 0 && --kill_in_ == 0) {
    dead_ = true;
    if (kill_when_ == When::Before)
      throw Killed{};
    return {.killed = true};
  }
  const auto [first, last] = failures_.equal_range(name);
  for (auto failure = first; failure != last; ++failure) {
    if (failure->second.after > 0) {
      --failure->second.after;
      continue;
    }
    const Failure found = failure->second;
    if (--failure->second.times == 0)
      failures_.erase(failure);
    if (found.when == When::Before)
      throw found.error;
    return {.error = {found.error}};
  }
  return {};
}

void Faults::end(const Fate& fate) {
  if (fate.killed)
    throw Killed{};
  if (!fate.error.empty())
    throw fate.error.front();
}

}  // namespace encamp::test
