#include <algorithm>
#include <numeric>

#include "engine/description/tree.h"

namespace encamp {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// How many bytes of a double-quoted text the escape at `offset` takes.
std::size_t escape_length(const std::string& text, std::size_t offset) {
  if (offset + 1 >= text.size())
    return 1;
  switch (text[offset + 1]) {
    case 'x':
      return 4;
    case 'u':
      return 6;
    case 'U':
      return 10;
    default:
      return 2;
  }
}

/// Lines of a `|` text end like lines of the file, whatever their indentation.
std::vector<std::size_t> align_literal(const Tree& scalar) {
  const SourceFile& file = *scalar.where.file;
  std::vector<std::size_t> offsets;
  int number = file.position(scalar.begin).first;
  std::size_t start = 0;
  while (start <= scalar.text.size()) {
    const std::size_t end = std::min(scalar.text.find('\n', start), scalar.text.size());
    const std::string_view written = file.line(++number);
    const std::string_view line = std::string_view(scalar.text).substr(start, end - start);
    const std::size_t indent = written.size() < line.size() ? 0 : written.size() - line.size();
    const std::size_t offset =
        written.data() == nullptr
            ? file.text().size()
            : static_cast<std::size_t>(written.data() - file.text().data()) + indent;
    for (std::size_t i = start; i <= end; ++i)
      offsets.push_back(offset + i - start);
    start = end + 1;
  }
  return offsets;
}

/// The text is the file.
std::vector<std::size_t> align_file(const Tree& scalar) {
  std::vector<std::size_t> offsets(scalar.text.size() + 1);
  std::iota(offsets.begin(), offsets.end(), std::size_t{0});
  return offsets;
}

/// Walks along text and source together. Where they differ, the source has an escape, a doubled
/// quote, or blanks that folding made one.
std::vector<std::size_t> align(const Tree& scalar) {
  const std::string& source = scalar.where.file->text();
  std::size_t at = scalar.begin;
  if (scalar.style == Tree::Style::Folded) {
    at = std::min(source.find('\n', at), source.size());
  } else if (scalar.style != Tree::Style::Plain) {
    ++at;
  }
  std::vector<std::size_t> offsets;
  for (const char c : scalar.text) {
    if (is_blank(c)) {
      offsets.push_back(std::min(at, source.size()));
      if (at < source.size() && source[at] == c && c != '\n') {
        ++at;
        continue;
      }
    } else {
      while (at < source.size() && source[at] != c && is_blank(source[at]))
        ++at;
      offsets.push_back(std::min(at, source.size()));
    }
    if (at >= source.size())
      continue;
    if (scalar.style == Tree::Style::DoubleQuoted && source[at] == '\\')
      at += escape_length(source, at);
    else if (scalar.style == Tree::Style::SingleQuoted && source[at] == '\'')
      at += 2;
    else if (!is_blank(c))
      ++at;
  }
  offsets.push_back(std::min(at, source.size()));
  return offsets;
}

}  // namespace

ScalarPlaces::ScalarPlaces(const Tree& scalar)
    : file_(scalar.where.file),
      offsets_(scalar.style == Tree::Style::Literal ? align_literal(scalar)
               : scalar.style == Tree::Style::File  ? align_file(scalar)
                                                    : align(scalar)) {}

Span ScalarPlaces::at(std::size_t offset, std::size_t length) const {
  const std::size_t first = offsets_[std::min(offset, offsets_.size() - 1)];
  const std::size_t last = offsets_[std::min(offset + length, offsets_.size() - 1)];
  return span_at(file_, first, last > first ? last - first : 1);
}

}  // namespace encamp
