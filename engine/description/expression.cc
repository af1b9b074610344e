#include "engine/description/expression.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/description/evaluate.h"
#include "engine/error.h"

namespace encamp {
namespace {

using Kind = Expression::Kind;

/// What a residual expression can still ask for: attributes, no names.
class LookupScope : public Scope {
 public:
  explicit LookupScope(const Lookup& lookup) : lookup_(lookup) {}

  std::optional<Value> find(const std::string&) const override { return std::nullopt; }
  std::vector<std::string> names() const override { return {}; }
  std::optional<Value> member(const Address& address, const std::string& name,
                              const Span&) const override {
    return lookup_(address, name);
  }
  std::vector<std::string> members(const Address&) const override { return {}; }
  std::optional<Value::List> elements(const Address&) const override { return std::nullopt; }
  std::optional<Value> attribute(const AttributeReference& reference) const override {
    return lookup_(reference.address, reference.attribute);
  }

 private:
  const Lookup& lookup_;
};

// Address and attribute of those that were found, kept by the expressions.
using Seen = std::set<std::pair<std::string_view, std::string_view>>;

void collect(const Value& value, std::vector<AttributeReference>& found, Seen& seen);

void collect(const Expression& e, std::vector<AttributeReference>& found, Seen& seen) {
  if (e.kind == Kind::Attribute && seen.emplace(e.attribute.address, e.attribute.attribute).second)
    found.push_back(e.attribute);
  collect(e.literal, found, seen);
  for (const Expression::Pointer& operand : e.operands)
    collect(*operand, found, seen);
}

void collect(const Value& value, std::vector<AttributeReference>& found, Seen& seen) {
  if (value.is_pending()) {
    collect(*value.pending(), found, seen);
  } else if (value.is_list()) {
    for (const Value& item : value.list())
      collect(item, found, seen);
  } else if (value.is_mapping()) {
    for (const Value::Entry& entry : value.mapping())
      collect(entry.value, found, seen);
  }
}

std::string source_of(const Expression& e);

std::string source_of(const Value& value) {
  if (value.is_pending())
    return source_of(*value.pending());
  if (value.is_list()) {
    std::vector<std::string> items;
    for (const Value& item : value.list())
      items.push_back(source_of(item));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
  if (value.is_reference() || value.is<Bytes>() || value.is<Duration>())
    return to_display(value, std::string::npos);
  return to_json(value);
}

// An operand that is an operator itself stands in parentheses.
std::string operand_source(const Expression& e) {
  const bool compound =
      e.kind == Kind::Binary || e.kind == Kind::Unary || e.kind == Kind::Conditional;
  return compound ? "(" + source_of(e) + ")" : source_of(e);
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find("${{", at)) != std::string::npos; at += 4)
    text.insert(at, 1, '$');
  return text;
}

std::string text_source(const Expression& e) {
  std::string text;
  for (const Expression::Pointer& part : e.operands) {
    text += part->kind == Kind::Literal && part->literal.is_text()
                ? escaped(part->literal.text())
                : "${{ " + source_of(*part) + " }}";
  }
  return text;
}

std::string source_of(const Expression& e) {
  switch (e.kind) {
    case Kind::Literal:
      return source_of(e.literal);
    case Kind::Attribute:
      return e.attribute.address + "." + e.attribute.attribute;
    case Kind::Name:
      return e.name;
    case Kind::Member:
      return operand_source(*e.operands[0]) + "." + e.name;
    case Kind::Index:
      return fmt::format("{}[{}]", operand_source(*e.operands[0]), source_of(*e.operands[1]));
    case Kind::Each: {
      const std::string body = source_of(*e.operands[1]);  // `*.name`
      return operand_source(*e.operands[0]) + "[*]" + body.substr(1);
    }
    case Kind::ForEach:
      return fmt::format("[{} for {} in {} if {}]", source_of(*e.operands[1]), e.name,
                         operand_source(*e.operands[0]), source_of(*e.operands[2]));
    case Kind::Is:
      return fmt::format("{} is {}", operand_source(*e.operands[0]), e.name);
    case Kind::List:
    case Kind::Call: {
      std::vector<std::string> items;
      for (const Expression::Pointer& operand : e.operands)
        items.push_back(source_of(*operand));
      return e.kind == Kind::List ? fmt::format("[{}]", fmt::join(items, ", "))
                                  : fmt::format("{}({})", e.name, fmt::join(items, ", "));
    }
    case Kind::Unary:
      return (e.name == "-" ? "-" : e.name + " ") + operand_source(*e.operands[0]);
    case Kind::Binary:  // From left to right, so `a + b + c` needs no parentheses.
      return fmt::format("{} {} {}",
                         e.operands[0]->kind == Kind::Binary && e.operands[0]->name == e.name
                             ? source_of(*e.operands[0])
                             : operand_source(*e.operands[0]),
                         e.name, operand_source(*e.operands[1]));
    case Kind::Conditional:
      return fmt::format("{} if {} else {}", operand_source(*e.operands[1]),
                         operand_source(*e.operands[0]), operand_source(*e.operands[2]));
    case Kind::Text: {  // Inside of another expression: its parts, added.
      std::vector<std::string> parts;
      for (const Expression::Pointer& part : e.operands)
        parts.push_back(operand_source(*part));
      return fmt::format("{}", fmt::join(parts, " + "));
    }
  }
  return {};
}

}  // namespace

Value settle(const Value& value, const Lookup& lookup) {
  if (value.is_known())
    return value;
  Expression whole;
  whole.literal = value;
  try {
    return evaluate(value.is_pending() ? *value.pending() : whole, LookupScope(lookup));
  } catch (const ExpressionError& error) {
    const Diagnostic& d = error.diagnostic;
    const std::string place =
        d.where ? fmt::format(" ({}:{}:{})", d.where.file->name(), d.where.line, d.where.column)
                : "";
    throw Error(ErrorKind::Failed,
                fmt::format("cannot evaluate '{}': {}{}", to_source(value), d.summary, place))
        .with_hint(d.hint);
  }
}

Properties settle(const Properties& properties, const Lookup& lookup) {
  Properties settled = properties;
  for (const auto& [name, value] : properties) {
    if (!value.is_known())
      settled[name] = settle(value, lookup);
  }
  return settled;
}

std::vector<AttributeReference> pending_references(const Value& value) {
  std::vector<AttributeReference> found;
  Seen seen;
  collect(value, found, seen);
  return found;
}

std::string to_source(const Value& value) {
  if (value.is_pending() && value.pending()->kind == Kind::Text)
    return text_source(*value.pending());
  if (value.is_text())
    return escaped(value.text());
  return value.is_known() ? source_of(value) : "${{ " + source_of(value) + " }}";
}

}  // namespace encamp
