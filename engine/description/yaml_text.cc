#include "engine/description/yaml_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "engine/description/utf8.h"

namespace encamp {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

std::size_t line_start(const std::string& text, std::size_t offset) {
  if (offset == 0)
    return 0;
  const std::size_t newline = text.rfind('\n', offset - 1);
  return newline == std::string::npos ? 0 : newline + 1;
}

struct Meaning {
  std::string_view message;  ///< yaml-cpp's.
  std::string_view summary;
  std::string_view hint;
};

constexpr std::array kMeanings = {
    Meaning{"illegal map value", "a ':' stands where no key can be",
            "put text that contains ': ' into quotes"},
    Meaning{"end of map not found", "this line does not continue the mapping above",
            "keys of one mapping begin in the same column"},
    Meaning{"end of sequence not found", "this line does not continue the list above",
            "items of one list begin in the same column"},
    Meaning{"end of map flow not found", "'{' is not closed by '}', or a ',' is missing", ""},
    Meaning{"end of sequence flow not found", "'[' is not closed by ']', or a ',' is missing", ""},
    Meaning{"illegal EOF in scalar", "the quote is not closed", ""},
    Meaning{"illegal block entry", "a list item '-' stands where none can be",
            "begin the list on a line of its own"},
    Meaning{"illegal flow end", "this bracket closes nothing", ""},
    Meaning{"the referenced anchor is not defined", "no anchor of this name stands above", ""},
    Meaning{"unknown token", "no value begins with this character", "put the text into quotes"},
};

}  // namespace

YamlText::Start YamlText::skip_properties(std::size_t offset) const {
  Start start{offset, std::nullopt};
  while (start.offset < text_.size() &&
         (text_[start.offset] == '&' || text_[start.offset] == '!')) {
    if (text_[start.offset] == '!')
      start.tag = start.offset;
    start.offset += word_length(start.offset);
    while (start.offset < text_.size()) {
      if (text_[start.offset] == '#')
        start.offset = std::min(text_.find('\n', start.offset), text_.size());
      else if (kBlanks.find(text_[start.offset]) != std::string_view::npos)
        ++start.offset;
      else
        break;
    }
  }
  return start;
}

Tree::Style YamlText::scalar_style(std::size_t begin) const {
  switch (begin < text_.size() ? text_[begin] : '\0') {
    case '\'':
      return Tree::Style::SingleQuoted;
    case '"':
      return Tree::Style::DoubleQuoted;
    case '|':
      return Tree::Style::Literal;
    case '>':
      return Tree::Style::Folded;
    default:
      return Tree::Style::Plain;
  }
}

std::optional<std::size_t> YamlText::closing_quote(const Tree& scalar) const {
  const char quote = text_[scalar.begin];
  for (std::size_t i = scalar.begin + 1; i < text_.size(); ++i) {
    if (quote == '"' && text_[i] == '\\') {
      ++i;
    } else if (text_[i] == quote) {
      if (quote == '"' || i + 1 >= text_.size() || text_[i + 1] != quote)
        return i;
      ++i;  // Two single quotes in a row stand for one.
    }
  }
  return std::nullopt;
}

std::size_t YamlText::scalar_length(const Tree& scalar) const {
  const std::size_t begin = scalar.begin;
  if (scalar.style == Tree::Style::Plain &&
      text_.compare(begin, scalar.text.size(), scalar.text) == 0)
    return scalar.text.size();
  const std::size_t line_end = std::min(text_.find('\n', begin), text_.size());
  switch (scalar.style) {
    case Tree::Style::SingleQuoted:
    case Tree::Style::DoubleQuoted:
      return std::min(closing_quote(scalar).value_or(line_end) + 1, line_end) - begin;
    case Tree::Style::Literal:
    case Tree::Style::Folded:
      return word_length(begin);
    case Tree::Style::Plain:
    case Tree::Style::Flow:
    case Tree::Style::File:
    case Tree::Style::Block:
      break;
  }
  return line_end - begin;
}

std::size_t YamlText::word_length(std::size_t begin) const {
  const std::size_t end = std::min(text_.find_first_of(" \t\r\n,[]{}", begin), text_.size());
  return std::max<std::size_t>(1, end - begin);
}

std::string YamlText::written_null(std::size_t offset) const {
  const std::string word = offset < text_.size() ? text_.substr(offset, word_length(offset)) : "";
  return word == "~" || word == "null" || word == "Null" || word == "NULL" ? word : "";
}

std::optional<std::size_t> YamlText::unquoted_reference(std::size_t offset) const {
  constexpr std::size_t kFar = 512;  // A line may be the whole file, and each key of it wrong.
  std::optional<std::size_t> found;
  char quote = '\0';
  int open = 0;
  const std::size_t from = offset < kFar ? 0 : offset - kFar;
  const std::size_t line_end = std::string_view(text_).substr(from, offset - from).rfind('\n');
  std::size_t i = line_end == std::string_view::npos ? from : from + line_end + 1;
  for (; i < text_.size() && i <= offset + 1 && text_[i] != '\n'; ++i) {
    const char c = text_[i];
    if (quote != '\0') {
      if (c == quote)
        quote = '\0';
      continue;
    }
    if (open > 0 && text_.compare(i, 3, "${{") == 0)
      found = i;
    if (c == '\'' || c == '"')
      quote = c;
    else if (c == '{' || c == '[')
      ++open;
    else if (c == '}' || c == ']')
      --open;
  }
  return found;
}

std::optional<Diagnostic> find_bad_character(const std::shared_ptr<const SourceFile>& file) {
  const std::string& text = file->text();
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(text, i);
    const bool line_end = c == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
    const bool c1 = c == 0xC2 && length == 2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    const bool control = (c < 0x20 && c != '\t' && c != '\n' && !line_end) || c == 0x7F || c1;
    if (length == 0 || control) {
      return Diagnostic{
          .code = "bad-character",
          .summary = length == 0 ? fmt::format("the byte 0x{:02X} is no UTF-8 text", c)
                                 : fmt::format("a control character, 0x{:02X}",
                                               c1 ? static_cast<unsigned char>(text[i + 1]) : c),
          .where = span_at(file, i, 1)};
    }
    i += length;
  }
  return std::nullopt;
}

Diagnostic forgotten_quote(const std::shared_ptr<const SourceFile>& file, std::size_t reference) {
  const std::size_t end = file->text().find("}}", reference);
  return {.code = "unquoted-reference",
          .summary = "a reference inside '{...}' or '[...]' needs quotes",
          .where = span_at(file, reference, end == std::string::npos ? 3 : end + 2 - reference),
          .hint = "write '${{ ... }}' with the quotes, or give the value a line of its own"};
}

Diagnostic describe_syntax_error(const std::shared_ptr<const SourceFile>& file, std::size_t offset,
                                 const std::string& message) {
  const std::string& text = file->text();
  offset = std::min(offset, text.size());
  if (const auto reference = YamlText(*file).unquoted_reference(offset))
    return forgotten_quote(file, *reference);
  const std::size_t start = line_start(text, offset);
  const std::size_t indent = std::min(text.find_first_not_of(" \t", start), text.size());
  const std::size_t tab = text.find('\t', start);
  if (tab < indent) {
    return {.code = "tab-indentation",
            .summary = "a tab in the indentation",
            .where = span_at(file, tab, 1),
            .hint = "YAML is indented with spaces"};
  }
  Diagnostic diagnostic{.code = "yaml-syntax",
                        .summary = "this is no YAML: " + message,
                        .where = span_at(file, offset, 1)};
  for (const Meaning& meaning : kMeanings) {
    if (meaning.message == message) {
      diagnostic.summary = meaning.summary;
      diagnostic.hint = meaning.hint;
    }
  }
  // `nodes.worker[*].name`: a list begins with '[', and in it an alias with '*'.
  const std::size_t star = text.rfind('*', offset);
  if (message.starts_with("alias not found") && star != std::string::npos && star > 0 &&
      star + 1 >= offset && text[star - 1] == '[') {
    diagnostic.summary = "'[' begins a list here, and '*' an alias";
    diagnostic.where = span_at(file, star - 1, 2);
    diagnostic.hint = "a path with '[*]' needs quotes here, or a line of its own";
    return diagnostic;
  }
  const bool path = offset > 0 && offset < text.size() && text[offset] == '[' &&
                    kBlanks.find(text[offset - 1]) == std::string_view::npos;
  if (path && text[offset - 1] != '[' && text[offset - 1] != ',')
    diagnostic.hint = "a path with '[...]' needs quotes here, or a line of its own";
  return diagnostic;
}

}  // namespace encamp
