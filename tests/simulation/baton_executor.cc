#include "tests/simulation/baton_executor.h"

#include "engine/world/world.h"

namespace encamp::simulation {

void BatonExecutor::wait_for_all() {
  while (running_ > 0) {
    waiting_ = baton_->self();
    baton_->wait_until(Baton::kNever);
  }
}

void BatonExecutor::start(std::size_t ticket, std::function<void()> work) {
  ++running_;
  baton_->start([this, ticket, generation = generation_, run = std::move(work)]() mutable {
    Done done{ticket, nullptr};
    try {
      run();
    } catch (...) {
      done.thrown = std::current_exception();
    }
    run = nullptr;  // What it holds is released before anybody hears of the end.
    --running_;
    if (generation == generation_)
      done_.push_back(std::move(done));
    wake();
  });
}

void BatonExecutor::wake() {
  if (waiting_ != nullptr)
    baton_->wake(waiting_);
}

std::optional<std::size_t> BatonExecutor::next_done(
    std::stop_token stop, std::optional<std::chrono::nanoseconds> timeout) {
  const Baton::Time end = timeout ? baton_->now() + *timeout : Baton::kNever;
  const std::stop_callback stopped(stop, [this] { wake(); });
  while (true) {
    if (is_dead_())
      throw Killed{};
    if (!done_.empty()) {
      const Done done = std::move(done_.front());
      done_.pop_front();
      if (done.thrown)
        std::rethrow_exception(done.thrown);
      return done.ticket;
    }
    if (stop.stop_requested() || baton_->now() >= end)
      return std::nullopt;
    waiting_ = baton_->self();
    baton_->wait_until(end);
    waiting_ = nullptr;
  }
}

void BatonExecutor::abandon() {
  ++generation_;
  done_.clear();
}

}  // namespace encamp::simulation
