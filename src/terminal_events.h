// The three ways to show events: live on a terminal, as plain lines, as JSON lines for programs.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run/events.h"
#include "engine/world/clock.h"
#include "src/terminal_output.h"
#include "src/terminal_progress.h"

namespace encamp {

/// Shows what happens until it is destroyed. Also keeps the Progress for the summary.
class EventDisplay : public Events {
 public:
  /// What was seen so far. REQUIRES: no more events come.
  virtual const Progress& progress() const = 0;
  /// Takes the live lines away for good; what comes later is printed plainly.
  virtual void finish() = 0;
};

enum class DisplayKind { Live, Plain, Json };

/// Live where `output` is a terminal, plain elsewhere; JSON when `json`.
DisplayKind display_kind(const OutputStream& output, bool json);

/// `output` and `clock` must outlive it.
std::unique_ptr<EventDisplay> make_display(DisplayKind kind, OutputStream& output, Clock& clock);

/// One event as one line of JSON, newline included. The keys are stable: docs/commands.md.
std::string json_line(const Event& event);

/// The event that json_line() wrote, or nothing when `json` is no event.
std::optional<Event> event_from_json(std::string_view json);

/// The bytes that turn a screen which shows `before` above the cursor into one that shows `above`
/// as ordinary lines and then `after`. The cursor stays in the first column below, so that a
/// process that dies leaves the terminal as it should be. `width` is the terminal's: lines that
/// were drawn when it was wider may take several rows by now.
std::string redraw(const std::vector<std::string>& before, const std::string& above,
                   const std::vector<std::string>& after, int width);

}  // namespace encamp
