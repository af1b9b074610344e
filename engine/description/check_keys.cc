// Keys that mean nothing, keys that are missing, and what was most likely meant.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "engine/description/typing.h"

namespace encamp {

std::string hint_for(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

std::string with_article(const std::string& noun) {
  const bool is_vowel =
      !noun.empty() && std::string_view("aeio").find(noun[0]) != std::string::npos;
  return (is_vowel ? "an " : "a ") + noun;
}

bool check_keys(const Tree& mapping, const std::vector<std::string>& known, const std::string& of,
                Diagnostics& diagnostics) {
  bool fine = true;
  for (const Tree::Entry& entry : mapping.entries) {
    if (entry.key.starts_with("x-") || std::ranges::find(known, entry.key) != known.end())
      continue;
    fine = false;
    std::string hint = hint_for(entry.key, known);
    if (hint.empty() && known.size() <= 16)
      hint = fmt::format("there are {}", fmt::join(known, ", "));
    diagnostics.add({.code = "unknown-key",
                     .summary = fmt::format("{} has no key {}", of, quoted(entry.key)),
                     .where = entry.where,
                     .hint = std::move(hint)});
  }
  return fine;
}

bool has_misspelt(const Tree& mapping, const std::string& key,
                  const std::vector<std::string>& known) {
  return std::ranges::any_of(mapping.entries, [&](const Tree::Entry& entry) {
    return !entry.key.starts_with("x-") && std::ranges::find(known, entry.key) == known.end() &&
           nearest(entry.key, known) == key;
  });
}

void report_missing(const std::string& key, const std::string& of, const Span& where,
                    Diagnostics& diagnostics, std::string hint) {
  diagnostics.add({.code = "missing-key",
                   .summary = fmt::format("{} has no '{}'", of, key),
                   .where = where,
                   .hint = std::move(hint)});
}

}  // namespace encamp
