// The paths of `needs`.
#include <algorithm>

#include "engine/description/expression_parser.h"
#include "engine/description/typing.h"

namespace encamp {

std::vector<Typing::Path> Typing::paths(const Tree& tree) const {
  std::vector<Path> found;
  if (tree.is_scalar())
    add_path(tree, found);
  else if (tree.is_list()) {
    for (const Tree& entry : tree.items) {
      if (entry.is_scalar())
        add_path(entry, found);
      else
        wrong_type("a path", entry.kind_name(), entry.where);
    }
  } else if (!tree.is_null()) {
    wrong_type("a list of paths", tree.kind_name(), tree.where);
  }
  return found;
}

// Whether something on the way was left out by `when`; then so is what is in it.
bool Typing::leads_through_null(const Expression& path) const {
  if (path.kind != Expression::Kind::Member && path.kind != Expression::Kind::Index)
    return false;
  const Expression& of = *path.operands.front();
  if (leads_through_null(of))
    return true;
  try {
    return of.kind != Expression::Kind::Name && evaluate(of, scope_).is_null();
  } catch (const ExpressionError&) {  // Told when the whole of the path is evaluated.
    return false;
  }
}

void Typing::add_path(const Tree& entry, std::vector<Path>& found) const {
  if (entry.text.find("${{") != std::string::npos) {
    diagnostics_.add({.code = "bad-path",
                      .summary = "'needs' lists paths, without '${{ }}'",
                      .where = entry.where});
    return;
  }
  std::optional<Value> value;
  try {
    const Expression::Pointer path = parse_path(entry);
    if (leads_through_null(*path))
      return;
    value = evaluated(*path);
  } catch (const ExpressionError& error) {
    diagnostics_.add(error.diagnostic);
  }
  if (!value)
    return;
  const auto add = [&](const Value& one) {
    if (one.is_null())  // Left out by `when`.
      return;
    if (one.is_reference()) {
      found.push_back({one.reference(), entry.where});
      return;
    }
    diagnostics_.add({.code = "bad-path",
                      .summary = "'needs' lists resources, and this is " + one.kind_name(),
                      .where = entry.where,
                      .hint = one.is_pending() ? "leave out the attribute at its end" : ""});
  };
  if (!value->is_list())
    return add(*value);
  for (const Value& one : value->list())
    if (one.is_list())
      std::ranges::for_each(one.list(), add);
    else
      add(one);
}

}  // namespace encamp
