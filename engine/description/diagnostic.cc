#include "engine/description/diagnostic.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

#include <fmt/format.h>

namespace encamp {
namespace {

// Tabs before the caret are kept as tabs, so that the caret stays under its
// subject whatever the terminal's tab width.
std::string padding_before(std::string_view line, int column) {
  std::string padding;
  for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(column); ++i)
    padding += i < line.size() && line[i] == '\t' ? '\t' : ' ';
  return padding;
}

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row.back();
}

}  // namespace

bool Diagnostics::has_errors() const {
  return std::ranges::any_of(
      all_, [](Severity severity) { return severity == Severity::Error; }, &Diagnostic::severity);
}

std::string render(const Diagnostic& d) {
  std::string out = fmt::format("{}[{}]: {}\n", d.severity == Severity::Error ? "error" : "warning",
                                d.code, d.summary);
  const std::string number = d.where ? std::to_string(d.where.line) : "";
  const std::string gutter(number.size(), ' ');
  if (d.where) {
    const std::string_view line = d.where.file->line(d.where.line);
    out += fmt::format("{} --> {}:{}:{}\n", gutter, d.where.file->name(), d.where.line,
                       d.where.column);
    out += fmt::format("{}  |\n{}  | {}\n", gutter, number, line);
    out += fmt::format("{}  | {}{}{}{}\n", gutter, padding_before(line, d.where.column),
                       std::string(static_cast<std::size_t>(d.where.length), '^'),
                       d.label.empty() ? "" : " ", d.label);
  }
  if (!d.hint.empty())
    out += fmt::format("{}  = hint: {}\n", gutter, d.hint);
  return out;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = word.size() / 3 + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace encamp
