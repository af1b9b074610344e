#include "engine/description/evaluate.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/description/evaluator.h"
#include "engine/description/functions.h"
#include "engine/description/hints.h"

namespace encamp {

Value Evaluator::value(const Expression& e) const {
  return value_of(raw(e));
}

void Evaluator::fail(const Expression& e, std::string code, std::string summary, std::string hint) {
  throw ExpressionError{{.code = std::move(code),
                         .summary = std::move(summary),
                         .where = e.where,
                         .hint = std::move(hint)}};
}

Value Evaluator::residual(const Expression& e, const std::vector<Value>& operands) {
  Expression rest = e;
  rest.operands.clear();
  for (std::size_t i = 0; i < operands.size(); ++i)
    rest.operands.push_back(as_expression(operands[i], e.operands[i]->where));
  return Value(Value::Pending(std::make_shared<const Expression>(std::move(rest))));
}

std::vector<Value> Evaluator::values(const Expression& e) const {
  std::vector<Value> all;
  all.reserve(e.operands.size());
  for (const Expression::Pointer& operand : e.operands)
    all.push_back(value(*operand));
  return all;
}

Value Evaluator::raw(const Expression& e) const {
  scope_.spend(1);
  switch (e.kind) {
    case Kind::Literal:
      return literal(e.literal);
    case Kind::Attribute:
      if (std::optional<Value> known = scope_.attribute(e.attribute))
        return std::move(*known);
      return attribute_value(e.attribute);
    case Kind::Name:
      return name(e);
    case Kind::Member:
      return member(e);
    case Kind::Index:
      return index(e);
    case Kind::Each:
      return each(e);
    case Kind::ForEach:
      return for_each(e);
    case Kind::Is:
      return is(e);
    case Kind::List:
      return Value::List(values(e));
    case Kind::Unary: {
      const std::vector<Value> operands = values(e);
      if (!all_known(operands))
        return residual(e, operands);
      return tainted(e, operands,
                     [&](const std::vector<Value>& known) { return unary(e.name, known[0]); });
    }
    case Kind::Binary:
      return e.name == "and" || e.name == "or" ? logical(e) : binary_operator(e);
    case Kind::Conditional:
      return conditional(e);
    case Kind::Call:
      return call(e);
    case Kind::Text:
      return text(e);
  }
  return {};
}

Value Evaluator::value_of(Value raw_value) const {
  if (raw_value.is_reference()) {
    if (std::optional<Value::List> elements = scope_.elements(raw_value.reference())) {
      scope_.spend(elements->size());
      return std::move(*elements);
    }
  }
  return raw_value;
}

/// Lists in the leaf of a residual expression may hold pending values.
Value Evaluator::literal(const Value& of) const {
  if (of.is_known())
    return of;
  if (of.is_pending())
    return value(*of.pending());
  if (of.is_list()) {
    Value::List items;
    for (const Value& item : of.list())
      items.push_back(literal(item));
    return items;
  }
  Value::Mapping entries;
  for (const Value::Entry& entry : of.mapping())
    entries.push_back({entry.key, literal(entry.value)});
  return entries;
}

Value Evaluator::name(const Expression& e) const {
  if (std::optional<Value> found = scope_.find(e.name))
    return std::move(*found);
  std::vector<std::string> names = scope_.names();
  std::string hint = hint_for(e.name, names);
  const std::size_t minus = e.name.find('-');
  if (hint.empty() && minus != std::string::npos &&
      std::ranges::find(names, e.name.substr(0, minus)) != names.end())
    hint = "a '-' inside a name belongs to it; minus stands between spaces";
  if (hint.empty() && find_function(e.name) != nullptr)
    hint = fmt::format("'{}' is a function: {}({})", e.name, e.name,
                       find_function(e.name)->parameters);
  if (e.name == "each")
    hint = "only what has 'for_each' has an 'each'";
  else if (e.name == "index")
    hint = "only copies, by 'count' or 'for_each', have an 'index'";
  else if (e.name == "node")
    hint = "'node' means something inside of one: in its keys, its software, its tests";
  else if (e.name == "nodes" || e.name == "resources" || e.name == "volumes")
    hint = fmt::format(
        "which {} there are is known only after 'count', 'for_each' and 'when' of nodes", e.name);
  fail(e, "unknown-name", fmt::format("nothing is named '{}' here", e.name), hint);
}

void Evaluator::require_known(const Expression& e, const Value& condition) {
  if (!condition.is_known())
    fail(e, "not-known-yet", "a condition must be known when the file is read",
         "addresses and outputs may stand in what is written or run");
}

void Evaluator::require_boolean(const Expression& e, const Value& value) {
  if (!value.is<bool>())
    fail(e, "bad-operand",
         fmt::format("true or false is wanted, and this is {}", value.kind_name()));
}

// Neighbouring known parts become one and texts in texts are spliced in, so that a residual text is
// short.
Value Evaluator::text(const Expression& e) const {
  std::vector<Expression::Pointer> rest;
  std::string known;
  std::optional<Secret> secret;  // One that `known` contains.
  const auto flush = [&] {
    if (secret)
      rest.push_back(as_expression(secret->with_text(std::exchange(known, {})), e.where));
    else if (!known.empty())
      rest.push_back(as_expression(std::exchange(known, {}), e.where));
    secret.reset();
  };
  const auto is_open = [](const Value& value) {
    return value.is_secret() && value.secret().is_open();
  };
  const auto add = [&](const Expression::Pointer& part) {
    if (part->kind == Kind::Literal && (part->literal.is_text() || is_open(part->literal))) {
      if (part->literal.is_secret())
        secret = part->literal.secret();
      known += part->literal.text();
      return;
    }
    flush();
    rest.push_back(part);
  };
  for (const Expression::Pointer& operand : e.operands) {
    const Value part = value(*operand);
    if (part.is_pending() && part.pending()->kind == Kind::Text) {
      std::ranges::for_each(part.pending()->operands, add);
    } else if (!part.is_known() || part.is_secret()) {
      add(as_expression(part, operand->where));
    } else {
      known +=
          part.is_text() ? part.text() : guarded(*operand, [&] { return to_text(part); }).text();
      scope_.spend(known.size() / 64);
    }
    if (known.size() > kLongestText)
      fail(e, "bad-operand", "the text is too large");
  }
  if (rest.empty() && secret)  // It keeps its name while nothing is added.
    return known == secret->text() ? *secret : secret->with_text(std::move(known));
  if (rest.empty())
    return known;
  flush();
  Expression pending;
  pending.kind = Kind::Text;
  pending.where = e.where;
  pending.operands = std::move(rest);
  return Value(Value::Pending(std::make_shared<const Expression>(std::move(pending))));
}

Expression::Pointer as_expression(const Value& value, const Span& where) {
  if (value.is_pending())
    return value.pending();
  Expression leaf;
  leaf.where = where;
  leaf.literal = value;
  return std::make_shared<const Expression>(std::move(leaf));
}

Value attribute_value(AttributeReference reference) {
  Expression leaf;
  leaf.kind = Expression::Kind::Attribute;
  leaf.where = reference.where;
  leaf.attribute = std::move(reference);
  return Value(Value::Pending(std::make_shared<const Expression>(std::move(leaf))));
}

Tree template_tree(const NamedFile& file) {
  Tree tree{.kind = Tree::Kind::Scalar, .style = Tree::Style::File, .text = file.source->text()};
  tree.where = span_at(file.source, 0, 1);
  return tree;
}

Value evaluate(const Expression& expression, const Scope& scope) {
  return Evaluator(scope).value(expression);
}

}  // namespace encamp
