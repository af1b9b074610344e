// Private to engine/description/: what evaluate() does with each kind of expression.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/description/evaluate.h"

namespace encamp {

class Evaluator {
 public:
  explicit Evaluator(const Scope& scope) : scope_(scope) {}

  /// A collection as the list of what is in it, everything else as it is.
  Value value(const Expression& e) const;

 private:
  using Kind = Expression::Kind;

  [[noreturn]] static void fail(const Expression& e, std::string code, std::string summary,
                                std::string hint = {});

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

  /// What is left of `e` while some of its operands are not known.
  static Value residual(const Expression& e, const std::vector<Value>& operands);
  static bool all_known(const std::vector<Value>& all) {
    return std::ranges::all_of(all, &Value::is_known);
  }
  static void require_known(const Expression& e, const Value& condition);
  static void require_boolean(const Expression& e, const Value& value);

  Value raw(const Expression& e) const;
  Value value_of(Value raw_value) const;
  std::vector<Value> values(const Expression& e) const;
  Value literal(const Value& of) const;
  Value name(const Expression& e) const;
  Value text(const Expression& e) const;

  // evaluate_members.cc
  Value member(const Expression& e) const;
  Value member_of(const Expression& e, const Value& of) const;
  Value index(const Expression& e) const;
  Value is(const Expression& e) const;

  // evaluate_loops.cc
  Value each(const Expression& e) const;
  Value for_each(const Expression& e) const;
  std::vector<Value::Mapping> turns(const Expression& e) const;

  // evaluate_operators.cc
  Value binary_operator(const Expression& e) const;
  Value logical(const Expression& e) const;
  Value conditional(const Expression& e) const;
  Value call(const Expression& e) const;
  Value joined(const Expression& e, const Value& separator, const Value::List& items) const;
  Value file(const Expression& e) const;
  Scope::FilePointer named_file(const Expression& e) const;
  Value template_text(const Expression& e) const;

  const Scope& scope_;
};

}  // namespace encamp
