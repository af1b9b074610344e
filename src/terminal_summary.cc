#include "src/terminal_summary.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/world/printable.h"
#include "src/terminal_text.h"

namespace encamp {
namespace {

std::string slowest_line(const std::vector<Timing>& slowest) {
  std::vector<std::string> steps;
  for (const Timing& step : slowest)
    steps.push_back(fmt::format("{}{} {}", step.verb == "remove" ? "removing " : "",
                                one_line(step.address), elapsed(step.took)));
  return fmt::format("  slowest: {}\n", fmt::join(steps, ", "));
}

const char* ending_of(const Outcome& outcome) {
  if (outcome.interrupted)
    return "interrupted";
  return outcome.succeeded() ? "done" : "failed";
}

}  // namespace

std::string summary_of(const Outcome& outcome, const LineStyle& style) {
  const Color color = outcome.succeeded() ? Color::Green : Color::Red;
  std::string out = fmt::format("{} in {}", colored(ending_of(outcome), color, style.color),
                                elapsed(outcome.total));
  Outcome told = outcome;
  told.interrupted = false;  // The first word says it.
  const std::string counts =
      outcome.interrupted && told.summary() == "nothing to do" ? "" : told.summary();
  out += counts.empty() ? "\n" : fmt::format(": {}\n", counts);
  if (outcome.slowest.size() > 1 && outcome.total >= std::chrono::seconds(1))
    out += slowest_line(outcome.slowest);
  for (const Address& address : outcome.left)
    out += fmt::format("  still there: {}\n", one_line(address));
  return out;
}

std::string outputs_of(const Deployment& deployment) {
  std::size_t width = 0;
  for (const Output& output : deployment.outputs)
    width = std::max(width, output.name.size());
  std::string out;
  for (const Output& output : deployment.outputs) {
    const auto unsettled = deployment.unsettled.find("outputs." + output.name);
    const std::string value = unsettled == deployment.unsettled.end()
                                  ? printable(plain_text(output.value))
                                  : fmt::format("(not known: {} is not there)", unsettled->second);
    out += fmt::format("  {:{}}  {}\n", output.name, width, value);
  }
  return out;
}

std::string plain_text(const Value& value) {
  if (value.is_text())
    return value.text();
  if (value.is<Bytes>())
    return to_string(value.bytes());
  if (value.is<Duration>())
    return to_string(value.duration());
  if (value.is_reference())
    return last_name(value.reference());
  return to_json(value);
}

}  // namespace encamp
