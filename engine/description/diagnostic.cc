#include "engine/description/diagnostic.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/world/printable.h"

namespace encamp {
namespace {

bool is_continuation(char c) {  // of a UTF-8 character
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

// What stands under the bytes before `column`: tabs are kept as tabs, so that the caret stands
// right whatever the terminal's tab width, and a character of several bytes is one blank.
std::string padding_before(std::string_view line, int column) {
  std::string padding;
  for (std::size_t i = 0; i + 1 < static_cast<std::size_t>(column); ++i) {
    if (i >= line.size() || !is_continuation(line[i]))
      padding += i < line.size() && line[i] == '\t' ? '\t' : ' ';
  }
  return padding;
}

std::string carets(std::string_view line, const Span& where) {
  const auto begin = static_cast<std::size_t>(where.column - 1);
  const std::size_t end = begin + static_cast<std::size_t>(where.length);
  std::size_t count = 0;
  for (std::size_t i = begin; i < end; ++i) {
    if (i >= line.size() || !is_continuation(line[i]))
      ++count;
  }
  return std::string(std::max<std::size_t>(1, count), '^');
}

// The part of a long line around the place, and the place within it.
struct Excerpt {
  std::string line;
  Span where;
};

Excerpt excerpt_of(const Span& where) {
  constexpr std::size_t kLongest = 160;
  const std::string_view line = where.file->line(where.line);
  if (line.size() <= kLongest)
    return {std::string(line), where};
  std::size_t begin = where.column > 80 ? static_cast<std::size_t>(where.column) - 80 : 0;
  while (begin > 0 && is_continuation(line[begin]))
    --begin;
  std::size_t end = std::min(line.size(), begin + kLongest);
  while (end < line.size() && is_continuation(line[end]))
    ++end;
  Span place = where;
  place.column -= static_cast<int>(begin);
  place.length = std::min(place.length, static_cast<int>(end - begin) - place.column + 1);
  return {std::string(line.substr(begin, end - begin)), place};
}

// Whatever a message quotes, on one line.
std::string one_line(std::string_view text) {
  std::string line = printable(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

// Control characters would move a terminal's cursor; each becomes one replacement character.
std::string visible(std::string_view line) {
  std::string text;
  for (const char c : line) {
    const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
    control ? text += "\uFFFD" : text += c;
  }
  return printable(text);
}

std::string render_place(const Span& where, const std::string& label) {
  const Excerpt excerpt = excerpt_of(where);
  const std::string number = std::to_string(where.line);
  const std::string gutter(number.size(), ' ');
  return fmt::format(
      "{} --> {}:{}:{}\n{}  |\n{}  | {}\n{}  | {}{}{}{}\n", gutter, one_line(where.file->name()),
      where.line, where.column, gutter, number, visible(excerpt.line), gutter,
      padding_before(excerpt.line, excerpt.where.column), carets(excerpt.line, excerpt.where),
      label.empty() ? "" : " ", one_line(label));
}

auto order_of(const Diagnostic& d) {
  return std::make_tuple(d.where.file ? d.where.file->name() : "", d.where.line, d.where.column);
}

nlohmann::ordered_json json_of(const Span& where) {
  return {{"file", where.file->name()},
          {"line", where.line},
          {"column", where.column},
          {"length", where.length}};
}

// REQUIRES: `b` has fewer than 256 bytes.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::array<std::size_t, 256> row{};
  std::iota(row.begin(), row.begin() + static_cast<std::ptrdiff_t>(b.size()) + 1, std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitution});
    }
  }
  return row[b.size()];
}

// Which characters a word has, a bit for each. A letter changed, added or left out changes at most
// two of them.
std::uint64_t letters_of(std::string_view word) {
  std::uint64_t letters = 0;
  for (const char c : word)
    letters |= std::uint64_t{1} << (static_cast<unsigned char>(c) & 63U);
  return letters;
}

// What is wrong in a prototype, in an image or in copies is wrong in all nodes that have it.
std::string of_any_node(std::string_view summary) {
  std::string text;
  while (!summary.empty()) {
    const bool is_one = summary.starts_with("nodes.") || summary.starts_with("images.");
    const std::size_t begin = is_one ? summary.find('.') + 1 : 1;
    text += summary.substr(0, begin);
    const std::size_t end = is_one ? summary.find_first_of(".['", begin) : begin;
    summary.remove_prefix(std::min(end, summary.size()));
  }
  return text;
}

}  // namespace

bool Diagnostics::has_errors() const {
  return std::ranges::any_of(
      all_, [](Severity severity) { return severity == Severity::Error; }, &Diagnostic::severity);
}

void Diagnostics::sort() {
  std::ranges::stable_sort(all_, {}, order_of);
  std::set<std::pair<std::string, std::string>> told;  // At one place.
  auto last = order_of({});
  std::erase_if(all_, [&](const Diagnostic& d) {
    if (order_of(d) != last)
      told.clear();
    last = order_of(d);
    return !told.emplace(d.code, of_any_node(d.summary)).second;
  });
}

std::string render(const Diagnostic& d) {
  std::string out = fmt::format("{}[{}]: {}\n", d.severity == Severity::Error ? "error" : "warning",
                                d.code, one_line(d.summary));
  if (d.where)
    out += render_place(d.where, d.label);
  const std::string gutter(d.where ? std::to_string(d.where.line).size() : 0, ' ');
  if (!d.hint.empty())
    out += fmt::format("{}  = hint: {}\n", gutter, one_line(d.hint));
  for (const Diagnostic::Note& note : d.notes)
    out += note.where ? render_place(note.where, note.text)
                      : fmt::format("{}  = note: {}\n", gutter, one_line(note.text));
  return out;
}

std::string to_json(const Diagnostic& d) {
  nlohmann::ordered_json json = {{"severity", d.severity == Severity::Error ? "error" : "warning"},
                                 {"code", d.code},
                                 {"summary", d.summary}};
  if (d.where)
    json.update(json_of(d.where));
  if (!d.label.empty())
    json["label"] = d.label;
  if (!d.hint.empty())
    json["hint"] = d.hint;
  for (const Diagnostic::Note& note : d.notes) {
    nlohmann::ordered_json entry = {{"text", note.text}};
    if (note.where)
      entry.update(json_of(note.where));
    json["notes"].push_back(std::move(entry));
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string quoted(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest)
    return fmt::format("'{}'", text);
  std::size_t cut = kLongest - 3;
  while (cut > 0 && is_continuation(text[cut]))
    --cut;
  return fmt::format("'{}...'", text.substr(0, cut));
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  // Bounds of the work, when a file has thousands of names and thousands of mistakes.
  constexpr std::size_t kLongest = 100;
  constexpr std::size_t kMost = 1000;
  std::string best;
  if (word.size() > kLongest)
    return best;
  const std::uint64_t letters = letters_of(word);
  std::size_t best_distance = word.size() / 3 + 1;
  for (std::size_t i = 0; i < std::min(candidates.size(), kMost); ++i) {
    const std::string& candidate = candidates[i];
    const std::size_t shorter = std::min(word.size(), candidate.size());
    if (std::max(word.size(), candidate.size()) - shorter >= best_distance)
      continue;  // So many letters would have to be added alone.
    const int others = std::popcount(letters ^ letters_of(candidate));
    if (static_cast<std::size_t>(others) > 2 * (best_distance - 1))
      continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace encamp
