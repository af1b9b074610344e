#include "engine/run/expectation.h"

#include <fmt/format.h>
#include <re2/re2.h>

namespace encamp {
namespace {

std::string text_of(const Value& value) {
  return value.is_text() || value.is_secret() ? value.text() : to_display(value, 4096);
}

std::string without_last_newline(std::string text) {
  if (text.ends_with('\n'))
    text.pop_back();
  return text;
}

std::string in_quotes(const std::string& text) {
  return to_display(Value(text), 400);
}

}  // namespace

std::string what_differs(const Expectation& expected, const CommandResult& seen, Duration timeout) {
  if (seen.timed_out)
    return fmt::format("expected to end within {}, it was killed", to_string(timeout));
  std::string lines;
  const auto add = [&](const std::string& line) { lines += (lines.empty() ? "" : "\n") + line; };
  if (seen.exit != expected.exit)
    add(fmt::format("expected exit {}, got {}", expected.exit, seen.exit));
  const std::string output = without_last_newline(seen.output);
  if (expected.output && without_last_newline(text_of(*expected.output)) != output)
    add(fmt::format("expected output {}, got {}", in_quotes(text_of(*expected.output)),
                    in_quotes(output)));
  for (const Value& wanted : expected.contains) {
    if (seen.output.find(text_of(wanted)) == std::string::npos)
      add(fmt::format("expected output that contains {}, got {}", in_quotes(text_of(wanted)),
                      in_quotes(output)));
  }
  if (expected.matches) {
    const RE2 pattern(text_of(*expected.matches), RE2::Quiet);
    if (!pattern.ok())
      add(fmt::format("'matches' is no regular expression: {}", pattern.error()));
    else if (!RE2::PartialMatch(seen.output, pattern))
      add(fmt::format("expected output that matches {}, got {}", in_quotes(pattern.pattern()),
                      in_quotes(output)));
  }
  return lines;
}

}  // namespace encamp
