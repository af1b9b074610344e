#include "src/event_log.h"

#include <fmt/chrono.h>
#include <nlohmann/json.hpp>

#include "src/terminal_events.h"

namespace encamp {

EventLog::EventLog(const std::filesystem::path& file, Events& next, Clock& clock)
    : next_(next), clock_(clock) {
  std::error_code ignored;
  std::filesystem::create_directories(file.parent_path(), ignored);
  file_.open(file, std::ios::binary | std::ios::app);
}

void EventLog::on(const Event& event) {
  {
    const std::lock_guard lock(mutex_);
    file_ << utc_text(clock_.wall_time()) << ' ' << json_line(event) << std::flush;
  }
  next_.on(event);
}

std::vector<LoggedEvent> read_log(const std::filesystem::path& file) {
  std::vector<LoggedEvent> events;
  std::ifstream stream(file, std::ios::binary);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t space = line.find(' ');
    if (space == std::string::npos)
      continue;
    if (std::optional<Event> event = event_from_json(line.substr(space + 1)))
      events.push_back({line.substr(0, space), std::move(*event)});
  }
  return events;
}

std::string utc_text(Clock::WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

}  // namespace encamp
