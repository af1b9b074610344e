#include "src/terminal_lines.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/world/printable.h"
#include "src/terminal_text.h"

namespace encamp {
namespace {

struct Verb {
  const char* name;
  const char* sign;
  const char* done;
  Color color;
};

// The same signs as in a plan.
constexpr Verb kVerbs[] = {
    {"create", "+", "created", Color::Green},
    {"update", "~", "updated", Color::Yellow},
    {"replace", "-/+", "replaced", Color::Yellow},
    {"remove", "-", "removed", Color::Red},
    {"keep", "=", "kept", Color::Dim},
    {"test", "?", "tested", Color::Cyan},
};

const Verb* find_verb(const std::string& name) {
  for (const Verb& verb : kVerbs) {
    if (verb.name == name)
      return &verb;
  }
  return nullptr;
}

// Detail and hint below a line that failed.
std::string below(const std::string& detail, const std::string& hint) {
  std::string out;
  std::string seen = printable(detail);
  while (!seen.empty() && seen.back() == '\n')
    seen.pop_back();
  if (!seen.empty()) {
    std::string quoted = "| ";
    for (const char c : seen) {
      quoted += c;
      if (c == '\n')
        quoted += "| ";
    }
    out += indented(quoted, 4);
  }
  if (!hint.empty())
    out += fmt::format("  next: {}\n", one_line(hint));
  return out;
}

// ": text", its further lines (the contexts of an error) indented below it; a newline at the end.
std::string told(const std::string& text) {
  std::string clean = printable(text);
  while (!clean.empty() && clean.back() == '\n')
    clean.pop_back();
  if (clean.empty())
    return "\n";
  const std::size_t first = std::min(clean.find('\n'), clean.size());
  std::string out = ": " + clean.substr(0, first) + "\n";
  std::string_view rest = std::string_view(clean).substr(std::min(first + 1, clean.size()));
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    out += fmt::format("    {}\n", line);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace

std::string done_word(const std::string& verb) {
  const Verb* known = find_verb(verb);
  return known != nullptr ? known->done : verb + " done";
}

std::string lines_for(const Event& event, const LineStyle& style) {
  const std::string address = one_line(event.address);
  switch (event.kind) {
    case Event::Kind::PlanMade:
    case Event::Kind::ActionStarted:
    case Event::Kind::ActionProgress:
      return "";
    case Event::Kind::ActionRetried:
      return fmt::format("{} {} again, attempt {}{}", colored("*", Color::Yellow, style.color),
                         address, event.count, told(event.text));
    case Event::Kind::ActionDone: {
      const Verb* verb = find_verb(event.verb);
      const std::string sign =
          verb != nullptr ? colored(verb->sign, verb->color, style.color) : "*";
      return fmt::format("{} {} {} ({})\n", sign, address, done_word(event.verb),
                         elapsed(event.took));
    }
    case Event::Kind::ActionFailed:
      return fmt::format("{} {} failed ({}){}{}", colored("!", Color::Red, style.color), address,
                         elapsed(event.took), told(event.text), below(event.detail, event.hint));
    case Event::Kind::ActionSkipped:
      return fmt::format("{} {} skipped{}", colored("/", Color::Dim, style.color), address,
                         told(event.text));
    case Event::Kind::TestPassed:
      return fmt::format("{} {} passed ({})\n", colored("ok", Color::Green, style.color), address,
                         elapsed(event.took));
    case Event::Kind::TestFailed:
      return fmt::format("{} {} failed ({}){}{}", colored("not ok", Color::Red, style.color),
                         address, elapsed(event.took), told(event.text),
                         below(event.detail, event.hint));
    case Event::Kind::Note:
      return printable(event.text) + "\n" + below(event.detail, event.hint);
  }
  return "";
}

std::string lines_for(const Error& error, const LineStyle& style) {
  std::string out =
      fmt::format("{} {}\n", colored("error:", Color::Red, style.color), printable(error.what()));
  for (const std::string& context : error.context())
    out += fmt::format("  {}\n", one_line(context));
  return out + below(error.detail(), error.hint());
}

}  // namespace encamp
