// `range`, `one_of` and `pattern`.
#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/functions.h"
#include "engine/description/typing.h"

namespace encamp {
namespace {

// `((a{100}){100}){100}` is short, and its program is not.
RE2::Options bounded() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(1 << 18);
  return options;
}

}  // namespace

bool Typing::check_pattern(const std::string& pattern, const Span& where) const {
  const RE2 compiled(pattern, bounded());
  if (compiled.ok()) {
    scope_.spend(static_cast<std::uint64_t>(compiled.ProgramSize()));
    return true;
  }
  scope_.spend(1000);
  diagnostics_.add({.code = "bad-pattern",
                    .summary = "this is no regular expression: " + compiled.error(),
                    .where = where});
  return false;
}

bool Typing::keeps(const Value& value, const PropertySchema& property, const Tree& tree) const {
  if (!property.pattern)
    return keeps(value, property, nullptr, tree);
  const RE2 pattern(*property.pattern, bounded());
  scope_.spend(static_cast<std::uint64_t>(std::max(pattern.ProgramSize(), 0)));
  return keeps(value, property, &pattern, tree);
}

bool Typing::keeps(const Value& value, const PropertySchema& property, const RE2* pattern,
                   const Tree& tree) const {
  if (value.is_list()) {
    bool fine = true;
    for (std::size_t i = 0; i < value.list().size(); ++i)
      fine =
          keeps(value.list()[i], property, pattern, i < tree.items.size() ? tree.items[i] : tree) &&
          fine;
    return fine;
  }
  const Span& where = tree.where;
  const std::string text = value.is_text() ? value.text() : to_display(value);
  if (!property.one_of.empty() && !value.is_null() && value.is_known() &&
      std::ranges::find(property.one_of, text) == property.one_of.end()) {
    std::string hint = hint_for(text, property.one_of);
    diagnostics_.add({.code = "not-one-of",
                      .summary = fmt::format("{} is not among {}", quoted(text),
                                             fmt::join(property.one_of, ", ")),
                      .where = where,
                      .hint = std::move(hint)});
    return false;
  }
  if (pattern != nullptr && value.is_text() && !RE2::FullMatch(value.text(), *pattern)) {
    diagnostics_.add({.code = "no-match",
                      .summary = fmt::format("{} does not match the pattern {}",
                                             quoted(value.text()), *property.pattern),
                      .where = where});
    return false;
  }
  const auto outside = [&](const char* comparison, const std::optional<Value>& bound,
                           const char* word) {
    if (!bound || !value.is_known() || value.is_null() ||
        binary(comparison, value, *bound).boolean())
      return false;
    diagnostics_.add(
        {.code = "out-of-range",
         .summary = fmt::format("'{}' is {} {}", property.name, word, to_display(*bound)),
         .where = where});
    return true;
  };
  return !outside(">=", property.least, "at least") && !outside("<=", property.most, "at most");
}

}  // namespace encamp
