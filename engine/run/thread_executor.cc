#include "engine/run/thread_executor.h"

namespace encamp {

ThreadExecutor::~ThreadExecutor() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    waiting_.clear();
  }
  changed_.notify_all();
}

void ThreadExecutor::start(std::size_t ticket, std::function<void()> work) {
  bool enough = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({ticket, generation_, std::move(work)});
    enough = idle_ >= waiting_.size();
  }
  if (!enough)
    threads_.emplace_back([this] { work_until_closed(); });
  changed_.notify_all();
}

std::optional<std::size_t> ThreadExecutor::next_done(
    std::stop_token stop, std::optional<std::chrono::nanoseconds> timeout) {
  std::unique_lock lock(mutex_);
  const auto is_done = [this] { return !done_.empty(); };
  const bool came = timeout ? changed_.wait_for(lock, std::move(stop), *timeout, is_done)
                            : changed_.wait(lock, std::move(stop), is_done);
  if (!came)
    return std::nullopt;
  const Done done = done_.front();
  done_.pop_front();
  if (done.thrown)
    std::rethrow_exception(done.thrown);
  return done.ticket;
}

void ThreadExecutor::abandon() {
  const std::lock_guard lock(mutex_);
  ++generation_;
  done_.clear();
}

void ThreadExecutor::work_until_closed() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
    --idle_;
    if (closed_)
      return;
    Work work = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    Done done{work.ticket, nullptr};
    try {
      work.run();
    } catch (...) {
      done.thrown = std::current_exception();
    }
    work.run = nullptr;  // What it holds is released before anybody hears of the end.
    lock.lock();
    if (work.generation == generation_)
      done_.push_back(std::move(done));
    changed_.notify_all();
  }
}

}  // namespace encamp
