#include "engine/description/typing.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/description/expression_parser.h"
#include "engine/description/scalar_types.h"

namespace encamp {

void Typing::wrong_type(const std::string& wanted, const std::string& found, const Span& where,
                        std::string hint) const {
  diagnostics_.add({.code = "wrong-type",
                    .summary = fmt::format("{} is wanted, and this is {}", wanted, found),
                    .where = where,
                    .hint = std::move(hint)});
}

std::optional<Value> Typing::evaluated(const Expression& expression) const {
  try {
    return evaluate(expression, scope_);
  } catch (const ExpressionError& error) {
    if (expression.kind == Expression::Kind::Text) {
      report_parts(expression);
    } else if (!error.diagnostic.code.empty()) {  // else it is reported already, where it is
      diagnostics_.add(error.diagnostic);
    }
    return std::nullopt;
  }
}

// Each reference of a text may be wrong.
void Typing::report_parts(const Expression& text) const {
  const std::size_t before = diagnostics_.all().size();
  for (const Expression::Pointer& part : text.operands)
    evaluated(*part);
  if (diagnostics_.all().size() > before)
    return;
  try {  // Each is right alone, and they make no text together.
    evaluate(text, scope_);
  } catch (const ExpressionError& error) {
    if (!error.diagnostic.code.empty())
      diagnostics_.add(error.diagnostic);
  }
}

std::optional<Value> Typing::read(const Tree& tree, const Type& type) const {
  switch (tree.kind) {
    case Tree::Kind::Null:
      if (type.kind == Type::Kind::Any)
        return Value();
      if (type.kind == Type::Kind::Mapping)
        return read_mapping(tree, type);
      wrong_type(type_name(type), "nothing", tree.where);
      return std::nullopt;
    case Tree::Kind::Scalar:
      scope_.spend(4);  // Parsed, evaluated, converted, kept.
      try {
        const Scope::Parsed parsed = scope_.parse(tree);
        if (const std::string* text = std::get_if<std::string>(&parsed))
          return read_text(*text, tree, type);
        const std::optional<Value> value = evaluated(*std::get<Expression::Pointer>(parsed));
        return value ? convert(*value, type, tree.where) : std::nullopt;
      } catch (const ExpressionError& error) {
        if (!error.diagnostic.code.empty())
          diagnostics_.add(error.diagnostic);
        return std::nullopt;
      }
    case Tree::Kind::List:
      return read_list(tree, type);
    case Tree::Kind::Mapping:
      return read_mapping(tree, type);
  }
  return std::nullopt;
}

std::optional<Value> Typing::read(const Tree& tree, const PropertySchema& property) const {
  std::optional<Value> value = read(tree, property.type);
  if (value && !keeps(*value, property, tree))
    return std::nullopt;
  return value;
}

Typing::Optional Typing::read_optional(const Tree& tree, const PropertySchema& property) const {
  if (property.type.kind != Type::Kind::Reference)
    return {read(tree, property)};
  Diagnostics found;
  Optional optional{Typing(scope_, loader_, found).read(tree, property)};
  optional.is_left_out = !optional.value && is_left_out(tree, property.type);
  if (!optional.is_left_out) {
    for (const Diagnostic& diagnostic : found.all())
      diagnostics_.add(diagnostic);
  }
  return optional;
}

std::optional<Value> Typing::read_text(const std::string& text, const Tree& tree,
                                       const Type& type) const {
  if (type.kind == Type::Kind::Any)
    return tree.is_plain() ? core_scalar(text) : Value(text);
  return convert(text, type, tree.where);
}

std::optional<Value> Typing::read_list(const Tree& tree, const Type& type) const {
  if (type.kind != Type::Kind::List && type.kind != Type::Kind::Any) {
    wrong_type(type_name(type), "a list", tree.where);
    return std::nullopt;
  }
  Value::List list;
  bool fine = true;
  for (const Tree& item : tree.items) {
    if (item.is_scalar()) {
      if (const std::optional<Value::List> copies =
              copies_named(item.text, type.item_type(), item.where)) {
        list.insert(list.end(), copies->begin(), copies->end());
        continue;
      }
    }
    const bool may_be_several =
        type.item_type().kind == Type::Kind::Reference && item.is_scalar() && has_reference(item);
    if (may_be_several) {  // `${{ nodes.worker }}` is what `worker` is.
      const Type one_or_several{
          .kind = Type::Kind::List, .item = {type.item_type()}, .or_one = true};
      const std::optional<Value> several = read(item, one_or_several);
      fine = fine && several;
      if (several)
        list.insert(list.end(), several->list().begin(), several->list().end());
      continue;
    }
    std::optional<Value> value = read(item, type.item_type());
    fine = fine && value;
    if (value)
      list.push_back(std::move(*value));
  }
  return fine ? std::optional<Value>(std::move(list)) : std::nullopt;
}

std::optional<Value> Typing::read_mapping(const Tree& tree, const Type& type) const {
  if (type.kind == Type::Kind::Mapping && !type.fields.empty())
    return read_fields(tree, type);
  if (type.kind != Type::Kind::Mapping && type.kind != Type::Kind::Any) {
    wrong_type(type_name(type), "a mapping", tree.where);
    return std::nullopt;
  }
  Value::Mapping mapping;
  bool fine = true;
  for (const Tree::Entry& entry : tree.entries) {
    if (entry.key.starts_with("x-") ||
        (entry.value.is_null() && type.item_type().kind != Type::Kind::Any))
      continue;  // null is as if the key were not written.
    if (entry.key.find("${{") != std::string::npos) {
      fine = false;
      diagnostics_.add({.code = "bad-key",
                        .summary = "a key is never a reference",
                        .where = entry.where,
                        .hint = "write the key itself"});
      continue;
    }
    Optional read = read_optional(entry.value, {.type = type.item_type()});
    fine = fine && (read.value || read.is_left_out);
    if (read.value)
      mapping.push_back({entry.key, std::move(*read.value)});
  }
  return fine ? std::optional<Value>(std::move(mapping)) : std::nullopt;
}

std::optional<Value> Typing::read_fields(const Tree& tree, const Type& type) const {
  std::vector<std::string> known;
  for (const PropertySchema& field : type.fields)
    known.push_back(field.name);
  bool fine = check_keys(tree, known, "this mapping", diagnostics_);
  Value::Mapping mapping;
  for (const PropertySchema& field : type.fields) {
    const Tree::Entry* entry = tree.find(field.name);
    if (entry != nullptr && !entry->value.is_null()) {
      std::optional<Value> value = read(entry->value, field);
      fine = fine && value;
      if (value)
        mapping.push_back({field.name, std::move(*value)});
    } else if (field.fallback) {
      mapping.push_back({field.name, *field.fallback});
    } else if (field.required) {
      if (!has_misspelt(tree, field.name, known))
        report_missing(field.name, "this mapping", tree.where, diagnostics_);
      fine = false;
    }
  }
  return fine ? std::optional<Value>(std::move(mapping)) : std::nullopt;
}

}  // namespace encamp
