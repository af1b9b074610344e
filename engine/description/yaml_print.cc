#include "engine/description/yaml_print.h"

#include <algorithm>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/expression.h"

namespace encamp {
namespace {

// Text that YAML takes for text, in flow and in block style, in 1.1 and in 1.2.
bool is_plain(std::string_view text) {
  static const RE2 kSafe("[A-Za-z_/][A-Za-z0-9_./@+=~%^-]*( [A-Za-z0-9_./@+=~%^-]+)*");
  static const RE2 kTaken("(?i)y|n|yes|no|on|off|true|false|null|\\.nan|\\.inf");
  const re2::StringPiece piece(text.data(), text.size());
  return RE2::FullMatch(piece, kSafe) && !RE2::FullMatch(piece, kTaken);
}

// A `|` block can hold neither other line ends nor control characters, and its first line must not
// begin with a blank.
bool can_be_block(std::string_view text) {
  const bool has_control = std::ranges::any_of(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
  });
  return !has_control && text.find('\n') != std::string_view::npos && text.front() != ' ' &&
         text.front() != '\t' && text.front() != '\n' && text.find(" \n") == std::string_view::npos;
}

void print_below(std::string& out, const Value& value, std::size_t indent);

// What stands behind `key:` or `-`, with the blank or newline before it.
void print_behind(std::string& out, const Value& value, std::size_t indent, bool in_list) {
  const bool has_below = (value.is_list() && !value.list().empty()) ||
                         (value.is_mapping() && !value.mapping().empty());
  if (!has_below) {
    out += " ";
    print_below(out, value, indent + 2);
  } else if (in_list) {  // `- key: ...`: the first entry stands behind the dash.
    std::string below;
    print_below(below, value, indent + 2);
    out += below.substr(indent + 1);
  } else {
    out += "\n";
    print_below(out, value, value.is_list() ? indent : indent + 2);
  }
}

void print_below(std::string& out, const Value& value, std::size_t indent) {
  const std::string margin(indent, ' ');
  if (value.is_list() && !value.list().empty()) {
    bool is_first = true;
    for (const Value& item : value.list()) {
      out += is_first ? margin + "-" : "\n" + margin + "-";
      print_behind(out, item, indent, true);
      is_first = false;
    }
  } else if (value.is_mapping() && !value.mapping().empty()) {
    bool is_first = true;
    for (const Value::Entry& entry : value.mapping()) {
      out += (is_first ? margin : "\n" + margin) + yaml_scalar(entry.key) + ":";
      print_behind(out, entry.value, indent, false);
      is_first = false;
    }
  } else if (value.is_list()) {
    out += "[]";
  } else if (value.is_mapping()) {
    out += "{}";
  } else if (value.is_text()) {
    out += yaml_text(value.text(), indent);
  } else if (value.is_reference()) {
    out += "${{ " + value.reference() + " }}";
  } else if (value.is_pending()) {
    out += yaml_text(to_source(value), indent);
  } else if (value.is<Bytes>() || value.is<Duration>()) {
    out += to_display(value);
  } else {
    out += to_json(value);
  }
}

}  // namespace

std::string yaml_scalar_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += std::string{'\\', c};
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (byte < 0x20 || byte == 0x7F)
      out += fmt::format("\\x{:02X}", byte);
    else
      out += c;
  }
  return out + '"';
}

std::string yaml_scalar(std::string_view text) {
  return is_plain(text) ? std::string(text) : yaml_scalar_quoted(text);
}

std::string yaml_text(std::string_view text, std::size_t indent) {
  if (!can_be_block(text))
    return yaml_scalar(text);
  // `|` keeps one newline at the end, `|-` none, `|+` all of them.
  std::string out = !text.ends_with('\n') ? "|-" : text.ends_with("\n\n") ? "|+" : "|";
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    out += "\n";
    if (end > begin)
      out += std::string(indent, ' ').append(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

std::string to_yaml(const Value& value) {
  std::string out;
  print_below(out, value, 0);
  return out;
}

}  // namespace encamp
