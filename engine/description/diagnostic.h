// What is wrong with a description, told to the person who wrote it.
//
// Checking a description never throws for the author's mistakes: it collects
// Diagnostics, so that one run reports them all. Failures while a site is
// being changed are Errors instead (engine/error.h).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/description/source.h"

namespace encamp {

enum class Severity { Error, Warning };

/// One message about one place. Rendered, it reads:
///
///     error[unknown-network]: no network is named 'lann'
///       --> lab.yaml:9:16
///        |
///      9 |     networks: [lann]
///        |                ^^^^ wanted by node 'web'
///        = hint: did you mean 'lan'?
struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code;     ///< Stable, kebab-case; documented in docs/diagnostics.md.
  std::string summary;  ///< What is wrong, without a full stop.
  Span where;
  std::string label;  ///< What the underlined text is, optional.
  std::string hint;   ///< What to do about it, optional.
  /// Other places that belong to it: "first defined here", an edge of a cycle.
  struct Note {
    std::string text;
    Span where;
  };
  std::vector<Note> notes;
};

/// All messages of one run, in the order they were found until sort() is called.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic) { all_.push_back(std::move(diagnostic)); }

  bool has_errors() const;
  const std::vector<Diagnostic>& all() const { return all_; }

  /// Those from the `first` on, to add to what they say.
  std::span<Diagnostic> from(std::size_t first) { return std::span(all_).subspan(first); }

  /// Puts them in the order of the places they are about, files by name, those without a place
  /// first; of several alike only one is kept.
  void sort();

 private:
  std::vector<Diagnostic> all_;
};

/// Returns `diagnostic` as plain text, ending in a newline. Nothing in it can move a cursor.
std::string render(const Diagnostic& diagnostic);

/// One JSON object on one line, for `--json`: severity, code, summary, file, line, column, length,
/// label, hint, notes; what is not set is left out.
std::string to_json(const Diagnostic& diagnostic);

/// Text of the author's in single quotes, as messages say names; shortened when it is long.
std::string quoted(std::string_view text);
inline std::string quoted(const std::string& text) {  // Closer than std::quoted().
  return quoted(std::string_view(text));
}

/// Returns the candidate nearest to `word` in edit distance, or an empty
/// string when none is within a third of its length.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace encamp
