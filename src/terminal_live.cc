#include "src/terminal_live.h"

#include "src/terminal_lines.h"

namespace encamp {

using namespace std::chrono_literals;

LiveDisplay::LiveDisplay(OutputStream& output, Clock& clock)
    : output_(output),
      clock_(clock),
      progress_(now()),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

LiveDisplay::~LiveDisplay() {
  finish();
}

void LiveDisplay::on(const Event& event) {
  const std::lock_guard lock(mutex_);
  progress_.on(event, now());
  const std::string lines = lines_for(event, {.color = output_.has_color()});
  if (finished_) {
    output_.write(lines);
    return;
  }
  above_ += lines;
  news_ = true;
  changed_.notify_one();
}

void LiveDisplay::finish() {
  thread_.request_stop();
  if (thread_.joinable())
    thread_.join();
  const std::lock_guard lock(mutex_);
  if (finished_)
    return;
  draw({});
  finished_ = true;
}

void LiveDisplay::run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    changed_.wait_for(lock, stop, 200ms, [this] { return news_; });
    news_ = false;
    draw(progress_.frame(output_.width() - 1, output_.height() - 1, now()));
    // What comes within the next 50 ms is drawn together; finish() need not wait for it.
    changed_.wait_for(lock, stop, 50ms, [] { return false; });
  }
}

void LiveDisplay::draw(const std::vector<std::string>& frame) {
  if (above_.empty() && frame == shown_)
    return;
  output_.write(redraw(shown_, above_, frame, output_.width()));
  above_.clear();
  shown_ = frame;
}

Progress::Time LiveDisplay::now() const {
  return std::chrono::duration_cast<Progress::Time>(clock_.now().time_since_epoch());
}

}  // namespace encamp
