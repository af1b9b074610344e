#include "engine/description/evaluate.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/description/functions.h"
#include "engine/error.h"

namespace encamp {
namespace {

using Kind = Expression::Kind;

/// A scope with more names: the element of an Each, the variables of a loop.
class LocalScope : public Scope {
 public:
  LocalScope(const Scope& outer, Value::Mapping locals)
      : outer_(outer), locals_(std::move(locals)) {}

  std::optional<Value> find(const std::string& name) const override {
    const auto local = std::ranges::find(locals_, name, &Value::Entry::key);
    return local != locals_.end() ? local->value : outer_.find(name);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> names = outer_.names();
    for (const Value::Entry& local : locals_) {
      if (local.key != "*")
        names.push_back(local.key);
    }
    return names;
  }
  std::optional<bool> extends(const Address& address, const std::string& prototype) const override {
    return outer_.extends(address, prototype);
  }
  std::vector<std::string> prototypes() const override { return outer_.prototypes(); }
  std::optional<std::string> file(const std::string& path, const std::string& from) const override {
    return outer_.file(path, from);
  }
  std::optional<Value> member(const Address& address, const std::string& name,
                              const Span& where) const override {
    return outer_.member(address, name, where);
  }
  std::vector<std::string> members(const Address& address) const override {
    return outer_.members(address);
  }
  std::optional<Value::List> elements(const Address& address) const override {
    return outer_.elements(address);
  }
  std::optional<Value> attribute(const AttributeReference& reference) const override {
    return outer_.attribute(reference);
  }

 private:
  const Scope& outer_;
  Value::Mapping locals_;
};

class Evaluator {
 public:
  explicit Evaluator(const Scope& scope) : scope_(scope) {}

  /// A collection as the list of what is in it, everything else as it is.
  Value value(const Expression& e) const {
    Value result = raw(e);
    if (result.is_reference()) {
      if (std::optional<Value::List> elements = scope_.elements(result.reference()))
        return std::move(*elements);
    }
    return result;
  }

 private:
  [[noreturn]] static void fail(const Expression& e, std::string code, std::string summary,
                                std::string hint = {}) {
    throw ExpressionError{{.code = std::move(code),
                           .summary = std::move(summary),
                           .where = e.where,
                           .hint = std::move(hint)}};
  }

  // Runs an operator or function; what it refuses gets the place of the expression.
  template <typename Operation>
  static Value guarded(const Expression& e, Operation&& operation) {
    try {
      return operation();
    } catch (const Refusal& refusal) {
      fail(e, "bad-operand", refusal.summary, refusal.hint);
    }
  }

  // Likewise; what is made of secrets is secret, and can only be text.
  template <typename Operation>
  static Value tainted(const Expression& e, std::vector<Value> operands, Operation&& operation) {
    const Secret* secret = nullptr;
    bool is_open = true;
    for (Value& operand : operands) {
      const Secret* here = find_secret(operand);
      secret = secret == nullptr ? here : secret;
      is_open = is_open && (here == nullptr || here->is_open());
    }
    if (secret == nullptr)
      return guarded(e, [&] { return operation(operands); });
    if (!is_open)
      return residual(e, operands);
    const Secret first = *secret;
    for (Value& operand : operands)
      operand = with_secrets(operand, [](const Secret& part) { return Value(part.text()); });
    const Value result = guarded(e, [&] { return operation(operands); });
    if (!result.is_text())
      fail(e, "bad-operand", fmt::format("{} would be made of a secret", result.kind_name()),
           "a secret can only be put into text");
    return first.with_text(result.text());
  }

  static Value residual(const Expression& e, const std::vector<Value>& operands) {
    Expression rest = e;
    rest.operands.clear();
    for (std::size_t i = 0; i < operands.size(); ++i)
      rest.operands.push_back(as_expression(operands[i], e.operands[i]->where));
    return Value(Value::Pending(std::make_shared<const Expression>(std::move(rest))));
  }

  std::vector<Value> values(const Expression& e) const {
    std::vector<Value> all;
    all.reserve(e.operands.size());
    for (const Expression::Pointer& operand : e.operands)
      all.push_back(value(*operand));
    return all;
  }

  static bool all_known(const std::vector<Value>& all) {
    return std::ranges::all_of(all, &Value::is_known);
  }

  Value raw(const Expression& e) const {
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

  /// Lists in the leaf of a residual expression may hold pending values.
  Value literal(const Value& of) const {
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

  Value name(const Expression& e) const {
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
    fail(e, "unknown-name", fmt::format("nothing is named '{}' here", e.name), hint);
  }

  static std::string hint_for(const std::string& word, const std::vector<std::string>& names) {
    const std::string near = nearest(word, names);
    return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
  }

  Value member(const Expression& e) const { return member_of(e, raw(*e.operands[0])); }

  Value member_of(const Expression& e, const Value& of) const {
    if (of.is_pending())
      return residual(e, {of});
    if (of.is_reference()) {
      if (std::optional<Value> found = scope_.member(of.reference(), e.name, e.where))
        return std::move(*found);
      const std::vector<std::string> names = scope_.members(of.reference());
      std::string hint = hint_for(e.name, names);
      if (hint.empty() && of.reference().starts_with("nodes.") && scope_.elements(of.reference()))
        hint = fmt::format("these are copies: write '{0}[0].{1}', or '{0}[*].{1}' for all of them",
                           of.reference(), e.name);
      if (hint.empty() && !names.empty() && names.size() <= 12)
        hint = fmt::format("there are {}", fmt::join(names, ", "));
      fail(e, "unknown-name", fmt::format("'{}' has no '{}'", of.reference(), e.name), hint);
    }
    if (std::optional<Value> found = plain_member(of, e.name))
      return std::move(*found);
    if (of.is_list())
      fail(e, "unknown-name", fmt::format("a list has no '{}'", e.name),
           fmt::format("for every item of it write '[*].{}'", e.name));
    fail(e, "unknown-name", fmt::format("{} has no '{}'", of.kind_name(), e.name),
         hint_for(e.name, plain_members(of)));
  }

  // x["key"] of a collection is its member; a list in which something is pending still has items.
  Value index(const Expression& e) const {
    Value of = raw(*e.operands[0]);
    const Value at = value(*e.operands[1]);
    if (of.is_reference() && at.is_text()) {
      Expression by_name = e;
      by_name.kind = Kind::Member;
      by_name.name = at.text();
      return member_of(by_name, of);
    }
    of = value_of(std::move(of));
    if (of.is_pending() || !at.is_known())
      return residual(e, {of, at});
    return guarded(e, [&] { return item_at(of, at); });
  }

  Value value_of(Value raw_value) const {
    if (raw_value.is_reference()) {
      if (std::optional<Value::List> elements = scope_.elements(raw_value.reference()))
        return std::move(*elements);
    }
    return raw_value;
  }

  Value each(const Expression& e) const {
    const Value list = value(*e.operands[0]);
    if (list.is_pending())
      fail(e, "not-known-yet", "'[*]' wants a list that is known when the file is read");
    if (!list.is_list())
      fail(*e.operands[0], "bad-operand",
           fmt::format("'[*]' wants a list, and this is {}", list.kind_name()));
    Value::List results;
    for (const Value& item : list.list()) {
      if (item.is_null())
        continue;
      const LocalScope inner(scope_, {{"*", item}});
      results.push_back(Evaluator(inner).value(*e.operands[1]));
    }
    return results;
  }

  // What a loop runs over: one mapping of its variables for each turn.
  std::vector<Value::Mapping> turns(const Expression& e) const {
    const Value source = value(*e.operands[0]);
    const std::size_t comma = e.name.find(", ");
    const std::string first = e.name.substr(0, comma);
    if (source.is_pending())
      fail(*e.operands[0], "not-known-yet",
           "'for' wants a list that is known when the file is read");
    std::vector<Value::Mapping> turns;
    if (source.is_mapping()) {
      for (const Value::Entry& entry : source.mapping()) {
        turns.push_back({{first, entry.key}});
        if (comma != std::string::npos)
          turns.back().push_back({e.name.substr(comma + 2), entry.value});
      }
      return turns;
    }
    if (!source.is_list() || comma != std::string::npos)
      fail(*e.operands[0], "bad-operand",
           fmt::format("'for' wants {}, and this is {}",
                       comma == std::string::npos ? "a list" : "a mapping for two names",
                       source.kind_name()));
    for (const Value& item : source.list()) {
      if (!item.is_null())
        turns.push_back({{first, item}});
    }
    return turns;
  }

  Value for_each(const Expression& e) const {
    Value::List results;
    for (Value::Mapping& turn : turns(e)) {
      const LocalScope inner(scope_, std::move(turn));
      const Evaluator evaluator(inner);
      const Value condition = evaluator.value(*e.operands[2]);
      require_known(*e.operands[2], condition);
      require_boolean(*e.operands[2], condition);
      if (!condition.boolean())
        continue;
      Value body = evaluator.value(*e.operands[1]);
      if (e.literal.is<bool>() && e.literal.boolean())
        results.insert(results.end(), body.list().begin(), body.list().end());
      else
        results.push_back(std::move(body));
      if (results.size() > kLongestList)
        fail(e, "bad-operand", "the list is too large");
    }
    return results;
  }

  static void require_known(const Expression& e, const Value& condition) {
    if (!condition.is_known())
      fail(e, "not-known-yet", "a condition must be known when the file is read",
           "addresses and outputs may stand in what is written or run");
  }

  Value is(const Expression& e) const {
    const Value node = raw(*e.operands[0]);
    if (node.is_null())
      return false;
    if (!node.is_reference() || scope_.elements(node.reference()))
      fail(*e.operands[0], "bad-operand",
           fmt::format("'is' asks of a node, and this is {}",
                       node.is_reference() ? "a list" : node.kind_name()));
    if (const std::optional<bool> extends = scope_.extends(node.reference(), e.name))
      return *extends;
    fail(e, "unknown-prototype", fmt::format("no prototype is named {}", quoted(e.name)),
         hint_for(e.name, scope_.prototypes()));
  }

  Value binary_operator(const Expression& e) const {
    const std::vector<Value> operands = values(e);
    if (!all_known(operands))
      return residual(e, operands);
    return tainted(e, operands, [&](const std::vector<Value>& known) {
      return binary(e.name, known[0], known[1]);
    });
  }

  static void require_boolean(const Expression& e, const Value& value) {
    if (!value.is<bool>())
      fail(e, "bad-operand",
           fmt::format("true or false is wanted, and this is {}", value.kind_name()));
  }

  Value logical(const Expression& e) const {
    const Value left = value(*e.operands[0]);
    if (!left.is_known())
      return residual(e, {left, value(*e.operands[1])});
    require_boolean(*e.operands[0], left);
    if (left.boolean() == (e.name == "or"))
      return left;
    Value right = value(*e.operands[1]);
    if (right.is_known())
      require_boolean(*e.operands[1], right);
    return right;
  }

  Value conditional(const Expression& e) const {
    const Value condition = value(*e.operands[0]);
    if (e.name == "{%")
      require_known(*e.operands[0], condition);
    if (!condition.is_known())
      return residual(e, {condition, value(*e.operands[1]), value(*e.operands[2])});
    require_boolean(*e.operands[0], condition);
    return value(*e.operands[condition.boolean() ? 1 : 2]);
  }

  Value call(const Expression& e) const {
    const Function* function = find_function(e.name);
    if (e.name == "file")
      return file(e);
    if (function == nullptr)
      fail(e, "unknown-function", fmt::format("there is no function '{}'", e.name),
           hint_for(e.name, function_names()));
    if (e.operands.size() < function->least || e.operands.size() > function->most)
      fail(
          e, "bad-operand",
          fmt::format("'{}' takes ({}), and here {}", e.name, function->parameters,
                      e.operands.size() == 1 ? "is 1 argument"
                                             : fmt::format("are {} arguments", e.operands.size())));
    const std::vector<Value> arguments = values(e);
    if (!all_known(arguments))
      return residual(e, arguments);
    return tainted(e, arguments,
                   [&](const std::vector<Value>& known) { return function->call(known); });
  }

  Value file(const Expression& e) const {
    const std::vector<Value> arguments = values(e);
    if (arguments.size() != 1 || !arguments[0].is_text())
      fail(e, "bad-operand", "'file' takes (path), text that is known when the file is read");
    try {
      if (std::optional<std::string> bytes =
              scope_.file(arguments[0].text(), e.where.file ? e.where.file->name() : ""))
        return std::move(*bytes);
    } catch (const Error& error) {
      fail(e, "unreadable-file", error.what(), error.hint());
    }
    fail(e, "bad-operand", "no file can be read here");
  }

  // Neighbouring known parts become one, so that a residual text is short.
  Value text(const Expression& e) const {
    Expression rest = e;
    rest.operands.clear();
    std::string known;
    std::optional<Secret> secret;  // One that `known` contains.
    const auto flush = [&] {
      if (secret)
        rest.operands.push_back(
            as_expression(secret->with_text(std::exchange(known, {})), e.where));
      else if (!known.empty())
        rest.operands.push_back(as_expression(std::exchange(known, {}), e.where));
      secret.reset();
    };
    for (const Expression::Pointer& operand : e.operands) {
      const Value part = value(*operand);
      if (!part.is_known() || (part.is_secret() && !part.secret().is_open())) {
        flush();
        rest.operands.push_back(as_expression(part, operand->where));
        continue;
      }
      if (part.is_secret())
        secret = part.secret();
      known +=
          part.is_secret() ? part.text() : guarded(*operand, [&] { return to_text(part); }).text();
      if (known.size() > kLongestText)
        fail(e, "bad-operand", "the text is too large");
    }
    if (rest.operands.empty() && secret)  // It keeps its name while nothing is added.
      return known == secret->text() ? *secret : secret->with_text(std::move(known));
    if (rest.operands.empty())
      return known;
    flush();
    return Value(Value::Pending(std::make_shared<const Expression>(std::move(rest))));
  }

  const Scope& scope_;
};

}  // namespace

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
  leaf.kind = Kind::Attribute;
  leaf.where = reference.where;
  leaf.attribute = std::move(reference);
  return Value(Value::Pending(std::make_shared<const Expression>(std::move(leaf))));
}

Value evaluate(const Expression& expression, const Scope& scope) {
  return Evaluator(scope).value(expression);
}

}  // namespace encamp
