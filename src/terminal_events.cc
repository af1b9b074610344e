#include "src/terminal_events.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/terminal_lines.h"
#include "src/terminal_live.h"
#include "src/terminal_text.h"

namespace encamp {
namespace {

constexpr std::pair<Event::Kind, const char*> kNames[] = {
    {Event::Kind::PlanMade, "plan-made"},
    {Event::Kind::ActionStarted, "action-started"},
    {Event::Kind::ActionProgress, "action-progress"},
    {Event::Kind::ActionRetried, "action-retried"},
    {Event::Kind::ActionDone, "action-done"},
    {Event::Kind::ActionFailed, "action-failed"},
    {Event::Kind::ActionSkipped, "action-skipped"},
    {Event::Kind::TestPassed, "test-passed"},
    {Event::Kind::TestFailed, "test-failed"},
    {Event::Kind::Note, "note"},
};

const char* name_of(Event::Kind kind) {
  for (const auto& [known, name] : kNames) {
    if (known == kind)
      return name;
  }
  return "note";
}

std::optional<Event::Kind> find_kind(const std::string& name) {
  for (const auto& [kind, known] : kNames) {
    if (name == known)
      return kind;
  }
  return std::nullopt;
}

// Plain and JSON: each event is written as it comes.
class LineDisplay : public EventDisplay {
 public:
  LineDisplay(DisplayKind kind, OutputStream& output, Clock& clock)
      : kind_(kind), output_(output), clock_(clock), progress_(now()) {}

  void on(const Event& event) override {
    const std::lock_guard lock(mutex_);
    progress_.on(event, now());
    const std::string text = kind_ == DisplayKind::Json
                                 ? json_line(event)
                                 : lines_for(event, {.color = output_.has_color()});
    if (!text.empty())
      output_.write(text);
  }

  const Progress& progress() const override { return progress_; }
  void finish() override {}

 private:
  Progress::Time now() const {
    return std::chrono::duration_cast<Progress::Time>(clock_.now().time_since_epoch());
  }

  DisplayKind kind_;
  OutputStream& output_;
  Clock& clock_;
  std::mutex mutex_;
  Progress progress_;  // Guarded by mutex_.
};

int rows_of(const std::vector<std::string>& lines, int width) {
  int rows = 0;
  for (const std::string& line : lines)
    rows += std::max(1, (columns(line) + width - 1) / width);
  return rows;
}

}  // namespace

DisplayKind display_kind(const OutputStream& output, bool json) {
  if (json)
    return DisplayKind::Json;
  return output.is_terminal() ? DisplayKind::Live : DisplayKind::Plain;
}

std::unique_ptr<EventDisplay> make_display(DisplayKind kind, OutputStream& output, Clock& clock) {
  if (kind == DisplayKind::Live)
    return std::make_unique<LiveDisplay>(output, clock);
  return std::make_unique<LineDisplay>(kind, output, clock);
}

std::string json_line(const Event& event) {
  nlohmann::ordered_json json;
  json["event"] = name_of(event.kind);
  if (!event.address.empty())
    json["address"] = event.address;
  if (!event.verb.empty())
    json["verb"] = event.verb;
  if (event.kind == Event::Kind::PlanMade || event.kind == Event::Kind::ActionRetried)
    json["count"] = event.count;
  if (event.took.count() > 0)
    json["took_ms"] = event.took.count();
  if (!event.text.empty())
    json["text"] = event.text;
  if (!event.detail.empty())
    json["detail"] = event.detail;
  if (!event.hint.empty())
    json["hint"] = event.hint;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::optional<Event> event_from_json(std::string_view json) {
  const auto object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object())
    return std::nullopt;
  try {
    const std::optional<Event::Kind> kind = find_kind(object.value("event", ""));
    if (!kind)
      return std::nullopt;
    return Event{.kind = *kind,
                 .address = object.value("address", ""),
                 .verb = object.value("verb", ""),
                 .text = object.value("text", ""),
                 .detail = object.value("detail", ""),
                 .hint = object.value("hint", ""),
                 .took = Duration(object.value("took_ms", 0)),
                 .count = object.value("count", 0)};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

std::string redraw(const std::vector<std::string>& before, const std::string& above,
                   const std::vector<std::string>& after, int width) {
  std::string out;
  if (const int rows = rows_of(before, std::max(width, 1)); rows > 0)
    out += fmt::format("\r\x1b[{}A", rows);
  // Each line overwrites what stood there and clears only its rest: nothing is ever blank between.
  for (std::string_view rest = above; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out += fmt::format("{}\x1b[K\n", rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (const std::string& line : after)
    out += line + "\x1b[K\n";
  return out + "\x1b[J";
}

}  // namespace encamp
