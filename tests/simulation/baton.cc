#include "tests/simulation/baton.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace encamp::simulation {

Baton::Baton() {
  members_.push_back(std::make_unique<Member>());
}

Baton::~Baton() {
  for (const std::unique_ptr<Member>& member : members_) {
    member->thread.request_stop();
    member->turn.release();
  }
}

void Baton::run(std::uint64_t seed, const std::function<void()>& work) {
  chance_ = Chance(seed);
  now_ = Time(0);
  timers_.clear();
  holder_ = members_.front().get();
  holder_->active = true;
  work();
  holder_->active = false;
  holder_ = nullptr;
}

void Baton::start(std::function<void()> work) {
  const auto idle = std::ranges::find(members_, false, &Member::active);
  Member* member = nullptr;
  if (idle == members_.end()) {
    member = members_.emplace_back(std::make_unique<Member>()).get();
    member->thread =
        std::jthread([this, member](const std::stop_token& stop) { serve(*member, stop); });
  } else {
    member = idle->get();
  }
  member->work = std::move(work);
  member->wakes = now_;
  member->active = true;
}

void Baton::serve(Member& member, const std::stop_token& stop) {
  while (true) {
    member.turn.acquire();
    if (stop.stop_requested())
      return;
    member.work();
    member.work = nullptr;
    member.active = false;
    holder_ = choose();
    holder_->turn.release();
  }
}

void Baton::wait_until(Time when) {
  Member* self = holder_;
  self->wakes = when;
  Member* next = choose();
  if (next == self)
    return;
  holder_ = next;
  next->turn.release();
  self->turn.acquire();
}

void Baton::wait_for_timers() {
  while (!timers_.empty())
    wait_until(timers_.rbegin()->first);
}

// Who goes on. Lets time pass when nobody can yet.
Baton::Member* Baton::choose() {
  while (true) {
    ready_.clear();
    Time first = timers_.empty() ? kNever : timers_.begin()->first;
    for (const std::unique_ptr<Member>& member : members_) {
      if (!member->active)
        continue;
      if (member->wakes <= now_)
        ready_.push_back(member.get());
      else
        first = std::min(first, member->wakes);
    }
    if (!ready_.empty())
      return ready_.size() == 1 ? ready_.front() : ready_[chance_.below(ready_.size())];
    if (first == kNever) {
      std::fputs("simulation: everybody waits for ever\n", stderr);
      std::abort();
    }
    now_ = std::max(now_, first);
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      const std::function<void()> effect = std::move(timers_.begin()->second);
      timers_.erase(timers_.begin());
      effect();
    }
  }
}

}  // namespace encamp::simulation
