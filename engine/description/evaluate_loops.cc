// `x[*].y`, `[x for x in list]` and the loops of texts.
#include <fmt/format.h>

#include "engine/description/evaluator.h"
#include "engine/description/functions.h"
#include "engine/description/local_scope.h"

namespace encamp {

Value Evaluator::each(const Expression& e) const {
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
std::vector<Value::Mapping> Evaluator::turns(const Expression& e) const {
  const Value source = value(*e.operands[0]);
  const std::size_t comma = e.name.find(", ");
  const std::string first = e.name.substr(0, comma);
  if (source.is_pending())
    fail(*e.operands[0], "not-known-yet", "'for' wants a list that is known when the file is read");
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

Value Evaluator::for_each(const Expression& e) const {
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
    scope_.spend(results.size() / 64);
    if (results.size() > kLongestList)
      fail(e, "bad-operand", "the list is too large");
  }
  return results;
}

}  // namespace encamp
