#include "src/terminal_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "src/terminal_text.h"

namespace encamp {

void Progress::on(const Event& event, Time now) {
  const auto running = std::ranges::find(running_, event.address, &Running::address);
  switch (event.kind) {
    case Event::Kind::PlanMade:
      planned_ += event.count;
      return;
    case Event::Kind::ActionStarted:
      if (running == running_.end())
        running_.push_back({event.address, event.verb, "", now});
      else
        *running = {event.address, event.verb, "", now};
      return;
    case Event::Kind::ActionProgress:
      if (running != running_.end())
        running->text = one_line(event.text);
      return;
    case Event::Kind::ActionRetried:
      if (running != running_.end())
        running->text = fmt::format("attempt {}", event.count);
      return;
    case Event::Kind::ActionDone:
    case Event::Kind::TestPassed:
      ++done_;
      break;
    case Event::Kind::ActionFailed:
    case Event::Kind::TestFailed:
      ++failed_;
      break;
    case Event::Kind::ActionSkipped:
      ++skipped_;
      break;
    case Event::Kind::Note:
      return;
  }
  if (running != running_.end())
    running_.erase(running);
}

std::string Progress::count_line(Time now) const {
  // What was not counted when the plan was made (tests, say) is counted as it comes.
  const int seen = done_ + failed_ + skipped_ + static_cast<int>(running_.size());
  std::string line =
      fmt::format("{} of {} done, {} running", done_, std::max(planned_, seen), running_.size());
  if (failed_ > 0)
    line += fmt::format(", {} failed", failed_);
  if (skipped_ > 0)
    line += fmt::format(", {} skipped", skipped_);
  return line + ", " + elapsed(now - begin_);
}

std::vector<std::string> Progress::frame(int width, int height, Time now) const {
  if (running_.empty() || height < 1)
    return {};
  constexpr int kMost = 8;  // More would push away what people read.
  const auto room = static_cast<std::size_t>(std::clamp(height - 1, 0, kMost));
  const std::size_t shown = std::min(room, running_.size());

  int address_width = 0;
  for (std::size_t i = 0; i < shown; ++i)
    address_width = std::max(address_width, columns(one_line(running_[i].address)));
  address_width = std::min(address_width, width * 2 / 3);

  std::vector<std::string> lines;
  for (std::size_t i = 0; i < shown; ++i) {
    const Running& step = running_[i];
    const std::string address = fitted(one_line(step.address), address_width);
    const std::string padding(static_cast<std::size_t>(address_width - columns(address)), ' ');
    lines.push_back(
        fitted(fmt::format("  {}{}  {:>6}  {}", address, padding, elapsed(now - step.since),
                           step.text.empty() ? step.verb : step.text),
               width));
  }
  std::string count = "  " + count_line(now);
  if (shown < running_.size())
    count += fmt::format(" ({} not shown)", running_.size() - shown);
  lines.push_back(fitted(count, width));
  return lines;
}

}  // namespace encamp
