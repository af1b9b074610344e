#include "src/explanations.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "src/explanations_text.h"
#include "src/terminal_text.h"

namespace encamp {
namespace {

// `## code: summary`, the story, lines indented by four, `becomes`, lines indented by four.
std::vector<Explanation> parse(std::string_view text) {
  std::vector<Explanation> all;
  std::string* into = nullptr;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) {
      const std::size_t colon = line.find(": ");
      all.push_back({line.substr(3, colon - 3), line.substr(colon + 2), {}, {}, {}});
      into = &all.back().before;
    } else if (all.empty()) {
      continue;
    } else if (line == "becomes") {
      into = &all.back().after;
    } else if (line.starts_with("    ")) {
      *into += line.substr(4) + "\n";
    } else if (!line.empty()) {
      all.back().story += line + "\n";
    }
  }
  return all;
}

}  // namespace

const std::vector<Explanation>& explanations() {
  static const std::vector<Explanation> kAll = parse(kExplanationsText);
  return kAll;
}

const Explanation* find_explanation(std::string_view code) {
  const auto found = std::ranges::find(explanations(), code, &Explanation::code);
  return found == explanations().end() ? nullptr : &*found;
}

std::string to_text(const Explanation& explanation) {
  return fmt::format("{}: {}\n\n{}\n{}\nbecomes\n\n{}", explanation.code, explanation.summary,
                     explanation.story, indented(explanation.before, 4),
                     indented(explanation.after, 4));
}

}  // namespace encamp
