// The log of a run: every event with its time, one JSON object a line, in the deployment's log/.
#pragma once

#include <filesystem>
#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "engine/run/events.h"
#include "engine/world/clock.h"

namespace encamp {

/// Passes events on and keeps them in `file`. A log that cannot be written stops nothing.
/// Threads: any.
class EventLog : public Events {
 public:
  /// `next` and `clock` must outlive it.
  EventLog(const std::filesystem::path& file, Events& next, Clock& clock);

  void on(const Event& event) override;

 private:
  Events& next_;
  Clock& clock_;
  std::mutex mutex_;
  std::ofstream file_;  // Guarded by mutex_.
};

struct LoggedEvent {
  std::string time;  ///< UTC, `2026-11-26T14:13:44Z`.
  Event event;
};

/// What a log holds; lines that are no events (the last one of a process that died) are left out.
std::vector<LoggedEvent> read_log(const std::filesystem::path& file);

/// `2026-11-26T14:13:44Z`
std::string utc_text(Clock::WallTime time);

}  // namespace encamp
