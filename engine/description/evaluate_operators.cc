// Operators, conditions, functions and the files they name.
#include <fmt/format.h>

#include "engine/description/evaluator.h"
#include "engine/description/functions.h"
#include "engine/description/hints.h"
#include "engine/description/local_scope.h"
#include "engine/error.h"

namespace encamp {
namespace {

// What going through a value costs of a budget.
std::uint64_t work_of(const Value& value) {
  if (value.is_text())
    return value.text().size() / 64;
  std::uint64_t work = 0;
  if (value.is_list()) {
    for (const Value& item : value.list())
      work += 1 + work_of(item);
  } else if (value.is_mapping()) {
    for (const Value::Entry& entry : value.mapping())
      work += 1 + work_of(entry.value);
  }
  return work;
}

std::uint64_t work_of(const std::vector<Value>& values) {
  std::uint64_t work = 0;
  for (const Value& value : values)
    work += work_of(value);
  return work;
}

}  // namespace

Value Evaluator::binary_operator(const Expression& e) const {
  const std::vector<Value> operands = values(e);
  if (!all_known(operands))
    return residual(e, operands);
  scope_.spend(work_of(operands));
  Value result = tainted(e, operands, [&](const std::vector<Value>& known) {
    return binary(e.name, known[0], known[1]);
  });
  scope_.spend(work_of(result));
  return result;
}

Value Evaluator::logical(const Expression& e) const {
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

Value Evaluator::conditional(const Expression& e) const {
  const Value condition = value(*e.operands[0]);
  if (e.name == "{%")
    require_known(*e.operands[0], condition);
  if (!condition.is_known())
    return residual(e, {condition, value(*e.operands[1]), value(*e.operands[2])});
  require_boolean(*e.operands[0], condition);
  return value(*e.operands[condition.boolean() ? 1 : 2]);
}

Value Evaluator::call(const Expression& e) const {
  const Function* function = find_function(e.name);
  if (e.name == "file")
    return file(e);
  if (e.name == "template")
    return template_text(e);
  if (function == nullptr)
    fail(e, "unknown-function", fmt::format("there is no function '{}'", e.name),
         hint_for(e.name, function_names()));
  if (e.operands.size() < function->least || e.operands.size() > function->most)
    fail(e, "bad-operand",
         fmt::format("'{}' takes ({}), and here {}", e.name, function->parameters,
                     e.operands.size() == 1 ? "is 1 argument"
                                            : fmt::format("are {} arguments", e.operands.size())));
  const std::vector<Value> arguments = values(e);
  if (e.name == "join" && arguments[0].is_text() && arguments[1].is_list() &&
      !arguments[1].is_known())
    return joined(e, arguments[0], arguments[1].list());
  if (!all_known(arguments))
    return residual(e, arguments);
  scope_.spend(work_of(arguments));
  Value result =
      tainted(e, arguments, [&](const std::vector<Value>& known) { return function->call(known); });
  scope_.spend(work_of(result));
  return result;
}

// A list in which something is not known yet, as one text.
Value Evaluator::joined(const Expression& e, const Value& separator,
                        const Value::List& items) const {
  Expression whole;
  whole.kind = Kind::Text;
  whole.where = e.where;
  for (const Value& item : items) {
    if (item.is_null())
      continue;
    if (!whole.operands.empty())
      whole.operands.push_back(as_expression(separator, e.where));
    whole.operands.push_back(as_expression(item, e.where));
  }
  return text(whole);
}

// `file(path)` and `template(path)` name a file of this machine.
Scope::FilePointer Evaluator::named_file(const Expression& e) const {
  const std::vector<Value> arguments = values(e);
  if (arguments.size() != 1 || !arguments[0].is_text())
    fail(e, "bad-operand",
         fmt::format("'{}' takes (path), text that is known when the file is read", e.name));
  Scope::FilePointer found;
  try {
    found = scope_.file(arguments[0].text(), e.where.file ? e.where.file->name() : "");
  } catch (const Error& error) {
    fail(e, "unreadable-file", error.what(), error.hint());
  }
  if (found == nullptr)
    fail(e, "bad-operand", "no file can be read here");
  return found;
}

Value Evaluator::file(const Expression& e) const {
  const Scope::FilePointer file = named_file(e);
  scope_.spend(file->bytes.size() / 64);
  return file->bytes;
}

Value Evaluator::template_text(const Expression& e) const {
  const Scope::FilePointer file = named_file(e);
  if (scope_.is_open(*file))
    fail(e, "reference-cycle",
         fmt::format("the template '{}' contains itself", file->source->name()));
  const Tree tree = template_tree(*file);
  const TemplateScope inside(scope_, *file);
  Scope::Parsed parsed = scope_.parse(tree);
  if (std::string* text = std::get_if<std::string>(&parsed)) {
    scope_.spend(text->size() / 64);
    return std::move(*text);
  }
  const Expression::Pointer& expression = std::get<Expression::Pointer>(parsed);
  if (expression->kind == Kind::Text)
    return Evaluator(inside).value(*expression);
  Expression text;  // One reference alone is text all the same.
  text.kind = Kind::Text;
  text.where = tree.where;
  text.operands = {expression};
  return Evaluator(inside).value(text);
}

}  // namespace encamp
