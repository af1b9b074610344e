#include "components/service/readiness.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>

#include <fmt/format.h>

#include "engine/world/printable.h"

namespace encamp {
namespace {

constexpr Duration kFirstPause{20};
constexpr Duration kLongestPause{200};
constexpr Duration kUnitPause{500};  ///< A look at the unit costs more than one at a port.
constexpr Duration kPatience = std::chrono::minutes(1);
constexpr int kJournalLines = 20;
constexpr int kSearchedLines = 1000;

struct Sign {
  std::string waited_for;  ///< As a message would say it.
  std::function<bool()> is_there;
  /// What the command printed when it was last asked.
  std::shared_ptr<std::string> printed = std::make_shared<std::string>();
};

bool is_success(int status) {
  return status >= 200 && status < 400;
}

Sign sign_of(const std::string& name, const Value& ready, Context& context) {
  Guest& guest = context.guest();
  if (const Value* port = ready.find("port")) {
    const int number = static_cast<int>(port->integer());
    return {fmt::format("port {}", number), [&guest, number] { return guest.listens(number); }};
  }
  if (const Value* url = ready.find("url")) {
    return {url->text(), [&guest, url] { return is_success(guest.http_status(url->text())); }};
  }
  if (const Value* command = ready.find("command")) {
    Sign sign{.waited_for = fmt::format("success of '{}'", command->text())};
    sign.is_there = [&guest, command, &context, printed = sign.printed] {
      const auto left =
          std::chrono::duration_cast<Duration>(context.deadline() - context.clock().now());
      const CommandResult seen = guest.probe(
          {.text = command->text(), .timeout = std::clamp(left, Duration(1), kPatience)});
      *printed = seen.output + seen.errors;
      return seen.exit == 0;
    };
    return sign;
  }
  if (const Value* log = ready.find("log")) {
    return {fmt::format("'{}' in its journal", log->text()), [&guest, log, name] {
              return guest.unit_journal(name, kSearchedLines).find(log->text()) !=
                     std::string::npos;
            }};
  }
  return {"systemd to call it active", [&guest, name] { return guest.unit(name).active; }};
}

std::string seen_of(const std::string& name, const UnitState& state, const Sign& sign,
                    Guest& guest) {
  std::string seen = last_lines(*sign.printed, kJournalLines);
  if (!seen.empty() && !seen.ends_with('\n'))
    seen += '\n';
  seen += fmt::format("unit: {}\n", state.detail);
  seen += last_lines(guest.unit_journal(name, kJournalLines), kJournalLines);
  return printable(seen);
}

}  // namespace

void wait_until_ready(const std::string& name, const Value& ready, Context& context) {
  const Value* timeout = ready.is_mapping() ? ready.find("timeout") : nullptr;
  const Duration patience = timeout == nullptr ? kPatience : timeout->duration();
  const Clock::Instant deadline =
      std::min<Clock::Instant>(context.clock().now() + patience, context.deadline());
  const Sign sign = sign_of(name, ready.is_mapping() ? ready : Value(Value::Mapping()), context);
  Guest& guest = context.guest();
  Duration pause = kFirstPause;
  Clock::Instant next_look = context.clock().now() + kFirstPause * 10;
  while (!sign.is_there()) {
    if (context.stop().stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
    context.progress(fmt::format("waiting for {}", sign.waited_for));
    const bool is_late = context.clock().now() >= deadline;
    if (is_late || context.clock().now() >= next_look) {
      next_look = context.clock().now() + kUnitPause;
      const UnitState state = guest.unit(name);
      if (state.detail.starts_with("failed"))
        throw Error(ErrorKind::Failed, fmt::format("service '{}' failed while it was waited for {}",
                                                   name, sign.waited_for))
            .with_detail(seen_of(name, state, sign, guest));
      if (is_late)
        throw Error(ErrorKind::Timeout, fmt::format("service '{}' was not ready within {}: waited "
                                                    "for {}",
                                                    name, to_string(patience), sign.waited_for))
            .with_detail(seen_of(name, state, sign, guest))
            .with_hint(fmt::format("look at it on the node: systemctl status {}", name));
    }
    context.clock().sleep(pause, context.stop());
    pause = std::min(pause * 3 / 2, kLongestPause);
  }
}

}  // namespace encamp
