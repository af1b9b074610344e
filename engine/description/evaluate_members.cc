// What stands behind a `.`, in `[...]` and behind `is`.
#include <fmt/format.h>

#include "engine/description/evaluator.h"
#include "engine/description/functions.h"
#include "engine/description/hints.h"

namespace encamp {

Value Evaluator::member(const Expression& e) const {
  return member_of(e, raw(*e.operands[0]));
}

Value Evaluator::member_of(const Expression& e, const Value& of) const {
  if (of.is_pending())
    return residual(e, {of});
  if (of.is_reference()) {
    if (std::optional<Value> found = scope_.member(of.reference(), e.name, e.where))
      return std::move(*found);
    const std::vector<std::string> names = scope_.members(of.reference());
    std::string hint = hint_for(e.name, names);
    const bool is_inside = of.reference().ends_with(".software") ||
                           of.reference().ends_with(".resources") ||
                           of.reference().ends_with(".tests");
    if (hint.empty() && e.operands.size() == 1 && !is_inside &&
        of.reference().starts_with("nodes.") && scope_.elements(of.reference()))
      hint = fmt::format("these are copies: write '{0}[0].{1}', or '{0}[*].{1}' for all of them",
                         of.reference(), e.name);
    if (hint.empty() && !names.empty() && names.size() <= 12)
      hint = fmt::format("there are {}", fmt::join(names, ", "));
    fail(e, "unknown-name", fmt::format("'{}' has no '{}'", of.reference(), e.name), hint);
  }
  if (of.is_mapping())
    scope_.spend(of.mapping().size() / 16);
  if (std::optional<Value> found = plain_member(of, e.name))
    return std::move(*found);
  if (of.is_list())
    fail(e, "unknown-name", fmt::format("a list has no '{}'", e.name),
         fmt::format("for every item of it write '[*].{}'", e.name));
  fail(e, "unknown-name", fmt::format("{} has no '{}'", of.kind_name(), e.name),
       hint_for(e.name, plain_members(of)));
}

// x["key"] of a collection is its copy for that key, or its member; a list in which something is
// pending still has items.
Value Evaluator::index(const Expression& e) const {
  Value of = raw(*e.operands[0]);
  const Value at = value(*e.operands[1]);
  if (of.is_reference() && at.is_text()) {
    if (std::optional<Value> copy = scope_.copy(of.reference(), at.text()))
      return std::move(*copy);
    Expression by_name = e;
    by_name.kind = Kind::Member;
    by_name.name = at.text();
    return member_of(by_name, of);
  }
  of = value_of(std::move(of));
  if (of.is_pending() || !at.is_known())
    return residual(e, {of, at});
  if (of.is_mapping())
    scope_.spend(of.mapping().size() / 16);
  return guarded(e, [&] { return item_at(of, at); });
}

Value Evaluator::is(const Expression& e) const {
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

}  // namespace encamp
