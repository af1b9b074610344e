#include "src/tree_print.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace encamp {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Tree& tree) {
  switch (tree.kind) {
    case Tree::Kind::Null:
      return nullptr;
    case Tree::Kind::Scalar:
      return tree.text;
    case Tree::Kind::List: {
      Json list = Json::array();
      for (const Tree& item : tree.items)
        list.push_back(json_of(item));
      return list;
    }
    case Tree::Kind::Mapping: {
      Json mapping = Json::object();
      for (const Tree::Entry& entry : tree.entries)
        mapping[entry.key] = json_of(entry.value);
      return mapping;
    }
  }
  return nullptr;
}

std::string dumped(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

void print_line(std::string& out, const Span& where, int depth, const std::string& text) {
  out += fmt::format("{:8}{:{}}{}\n", fmt::format("{}:{}", where.line, where.column), "", depth * 2,
                     text);
}

void print_below(std::string& out, const Tree& tree, int depth);

// `label` is `key:` or `-`, at `where`.
void print(std::string& out, const Span& where, const std::string& label, const Tree& value,
           int depth) {
  const bool has_below = !value.items.empty() || !value.entries.empty();
  if (has_below) {
    print_line(out, where, depth, label);
    print_below(out, value, depth + 1);
  } else {
    const std::string text =
        value.is_scalar() && value.is_plain() ? value.text : dumped(json_of(value));
    print_line(out, where, depth, label + " " + text);
  }
}

void print_below(std::string& out, const Tree& tree, int depth) {
  for (const Tree::Entry& entry : tree.entries)
    print(out, entry.where, entry.key + ":", entry.value, depth);
  for (const Tree& item : tree.items)
    print(out, item.where, "-", item, depth);
}

}  // namespace

std::string to_text(const Tree& tree) {
  std::string out;
  print_below(out, tree, 0);
  return out;
}

std::string to_json(const Tree& tree) {
  return dumped(json_of(tree), 2);
}

}  // namespace encamp
