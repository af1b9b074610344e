// What yaml-cpp's events leave out, read again from the text: how a scalar is quoted, where it ends
// behind its anchor or tag, and what a syntax error most likely means.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/description/diagnostic.h"
#include "engine/description/source.h"
#include "engine/description/tree.h"

namespace encamp {

class YamlText {
 public:
  explicit YamlText(const SourceFile& file) : text_(file.text()) {}

  /// Where a value begins behind its `&anchor` and `!tag`.
  struct Start {
    std::size_t offset;
    std::optional<std::size_t> tag;
  };
  Start skip_properties(std::size_t offset) const;

  Tree::Style scalar_style(std::size_t begin) const;
  /// How far the scalar reaches from Tree::begin, with its quotes; of a block its `|` alone.
  std::size_t scalar_length(const Tree& scalar) const;
  /// Where a quoted scalar ends; nothing when its quote is never closed. REQUIRES: it is quoted.
  std::optional<std::size_t> closing_quote(const Tree& scalar) const;
  std::size_t word_length(std::size_t begin) const;

  /// `~` or `null` when it is written at `offset`, else nothing: the value was left empty.
  std::string written_null(std::size_t offset) const;

  /// The offset of a `${{` on the line of `offset`, at or before it, that stands in `{}` or `[]`
  /// without quotes.
  std::optional<std::size_t> unquoted_reference(std::size_t offset) const;

 private:
  const std::string& text_;
};

/// A byte that no description may have: no UTF-8, a control character.
std::optional<Diagnostic> find_bad_character(const std::shared_ptr<const SourceFile>& file);

Diagnostic forgotten_quote(const std::shared_ptr<const SourceFile>& file, std::size_t reference);

/// What yaml-cpp's `message` about `offset` means to the author.
Diagnostic describe_syntax_error(const std::shared_ptr<const SourceFile>& file, std::size_t offset,
                                 const std::string& message);

}  // namespace encamp
