#include "engine/description/typing.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/expression_parser.h"
#include "engine/description/functions.h"
#include "engine/description/scalar_types.h"
#include "engine/error.h"

namespace encamp {
namespace {

const Type& item_type(const Type& type) {
  static const Type kAny;
  return type.item.empty() ? kAny : type.item.front();
}

bool may_be_pending(Type::Kind kind) {
  return kind == Type::Kind::Any || kind == Type::Kind::Text || kind == Type::Kind::Ip ||
         kind == Type::Kind::Subnet;
}

std::string singular(const std::string& section) {
  return section.ends_with('s') ? section.substr(0, section.size() - 1) : section;
}

std::string named(const std::vector<AttributeReference>& references) {
  return references.empty()
             ? "this"
             : fmt::format("'{}.{}'", references.front().address, references.front().attribute);
}

}  // namespace

std::string hint_for(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string near = nearest(word, candidates);
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

bool check_keys(const Tree& mapping, const std::vector<std::string>& known,
                const std::vector<std::string>& later, const std::string& of,
                Diagnostics& diagnostics) {
  bool fine = true;
  for (const Tree::Entry& entry : mapping.entries) {
    if (entry.key.starts_with("x-") || std::ranges::find(known, entry.key) != known.end())
      continue;
    fine = false;
    if (std::ranges::find(later, entry.key) != later.end()) {
      diagnostics.add({.code = "not-supported",
                       .summary = fmt::format("'{}' is not supported by this version", entry.key),
                       .where = entry.where});
      continue;
    }
    std::string hint = hint_for(entry.key, known);
    if (hint.empty() && known.size() <= 16)
      hint = fmt::format("there are {}", fmt::join(known, ", "));
    diagnostics.add({.code = "unknown-key",
                     .summary = fmt::format("{} has no key {}", of, quoted(entry.key)),
                     .where = entry.where,
                     .hint = std::move(hint)});
  }
  return fine;
}

void report_missing(const std::string& key, const std::string& of, const Span& where,
                    Diagnostics& diagnostics, std::string hint) {
  diagnostics.add({.code = "missing-key",
                   .summary = fmt::format("{} has no '{}'", of, key),
                   .where = where,
                   .hint = std::move(hint)});
}

void Typing::wrong_type(const std::string& wanted, const std::string& found, const Span& where,
                        std::string hint) const {
  diagnostics_.add({.code = "wrong-type",
                    .summary = fmt::format("{} is wanted, and this is {}", wanted, found),
                    .where = where,
                    .hint = std::move(hint)});
}

std::optional<Value> Typing::evaluated(const Expression& expression) const {
  if (expression.kind == Expression::Kind::Text) {  // Each of its references may be wrong.
    bool fine = true;
    for (const Expression::Pointer& part : expression.operands)
      fine = evaluated(*part) && fine;
    if (!fine)
      return std::nullopt;
  }
  try {
    return evaluate(expression, scope_);
  } catch (const ExpressionError& error) {
    if (!error.diagnostic.code.empty())  // else it is reported already, where the mistake is
      diagnostics_.add(error.diagnostic);
    return std::nullopt;
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
      try {
        std::variant<std::string, Expression::Pointer> parsed = parse_scalar(tree);
        if (const std::string* text = std::get_if<std::string>(&parsed))
          return read_text(*text, tree, type);
        const std::optional<Value> value = evaluated(*std::get<Expression::Pointer>(parsed));
        return value ? convert(*value, type, tree.where) : std::nullopt;
      } catch (const ExpressionError& error) {
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
              copies_named(item.text, item_type(type), item.where)) {
        list.insert(list.end(), copies->begin(), copies->end());
        continue;
      }
    }
    std::optional<Value> value = read(item, item_type(type));
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
    if (entry.key.starts_with("x-"))
      continue;
    std::optional<Value> value = read(entry.value, item_type(type));
    fine = fine && value;
    if (value)
      mapping.push_back({entry.key, std::move(*value)});
  }
  return fine ? std::optional<Value>(std::move(mapping)) : std::nullopt;
}

std::optional<Value> Typing::read_fields(const Tree& tree, const Type& type) const {
  std::vector<std::string> known;
  for (const PropertySchema& field : type.fields)
    known.push_back(field.name);
  bool fine = check_keys(tree, known, {}, "this mapping", diagnostics_);
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
      report_missing(field.name, "this mapping", tree.where, diagnostics_);
      fine = false;
    }
  }
  return fine ? std::optional<Value>(std::move(mapping)) : std::nullopt;
}

std::optional<Value> Typing::convert(const Value& value, const Type& type,
                                     const Span& where) const {
  if (value.is_pending())
    return convert_pending(value, type, where);
  if (type.kind == Type::Kind::Any)
    return value;
  if (type.kind == Type::Kind::List) {
    if (!value.is_list() && !type.or_one) {
      wrong_type("a list", value.kind_name(), where, "put it into brackets: [...]");
      return std::nullopt;
    }
    Value::List list;
    for (const Value& item : value.is_list() ? value.list() : Value::List{value}) {
      if (item.is_null())
        continue;
      if (const std::optional<Value::List> copies = copies_named(item, item_type(type), where)) {
        list.insert(list.end(), copies->begin(), copies->end());
        continue;
      }
      std::optional<Value> converted = convert(item, item_type(type), where);
      if (!converted)
        return std::nullopt;
      list.push_back(std::move(*converted));
    }
    return list;
  }
  try {
    if (type.kind == Type::Kind::Text)
      return to_text(value);
    if (value.is_text() && type.kind == Type::Kind::Reference)
      return resource_named(value.text(), type, where);
    if (value.is_text() && type.kind == Type::Kind::Source)
      return loader_.locate(value.text(), where.file->name());
    if (value.is_text() && type.kind != Type::Kind::Mapping)
      return scalar_from_text(value.text(), type.kind);
  } catch (const Mismatch& mismatch) {
    diagnostics_.add({.code = mismatch.code,
                      .summary = mismatch.summary,
                      .where = where,
                      .hint = mismatch.hint});
    return std::nullopt;
  } catch (const Refusal& refusal) {
    wrong_type("text", value.kind_name(), where, refusal.hint);
    return std::nullopt;
  } catch (const Error& error) {
    diagnostics_.add(
        {.code = "unreadable-file", .summary = error.what(), .where = where, .hint = error.hint()});
    return std::nullopt;
  }
  const bool fits =
      (type.kind == Type::Kind::Integer && value.is<std::int64_t>()) ||
      (type.kind == Type::Kind::Number && (value.is<std::int64_t>() || value.is<double>())) ||
      (type.kind == Type::Kind::Boolean && value.is<bool>()) ||
      (type.kind == Type::Kind::Size && value.is<Bytes>()) ||
      (type.kind == Type::Kind::Time && value.is<Duration>()) ||
      (type.kind == Type::Kind::Reference && value.is_reference() &&
       value.reference().starts_with(type.section + ".")) ||
      (type.kind == Type::Kind::Mapping && type.fields.empty() && value.is_mapping());
  if (fits)
    return value;
  wrong_type(type_name(type), value.kind_name(), where);
  return std::nullopt;
}

// Where text is wanted, the value becomes text when it is known, whatever it is then.
std::optional<Value> Typing::convert_pending(const Value& value, const Type& type,
                                             const Span& where) const {
  if (!may_be_pending(type.kind)) {
    if (type.kind == Type::Kind::List && type.or_one && may_be_pending(item_type(type).kind)) {
      const std::optional<Value> item = convert_pending(value, item_type(type), where);
      return item ? std::optional<Value>(Value::List{*item}) : std::nullopt;
    }
    diagnostics_.add(
        {.code = "not-known-yet",
         .summary = fmt::format("{} is not known when the file is read, and here it must be",
                                named(pending_references(value))),
         .where = where,
         .hint = "addresses and outputs may stand in what is written or run"});
    return std::nullopt;
  }
  if (type.kind == Type::Kind::Any || value.pending()->kind == Expression::Kind::Text)
    return value;
  Expression text;
  text.kind = Expression::Kind::Text;
  text.where = where;
  text.operands = {value.pending()};
  return Value(Value::Pending(std::make_shared<const Expression>(std::move(text))));
}

std::optional<Value> Typing::resource_named(const std::string& name, const Type& type,
                                            const Span& where) const {
  if (std::optional<Value> found = scope_.member(type.section, name, where)) {
    if (found->is_reference() && !scope_.elements(found->reference()))
      return found;
    wrong_type(type_name(type), found->is_null() ? "left out by 'when'" : "several", where,
               found->is_null() ? "" : fmt::format("'{}-1' is the first of them", name));
    return std::nullopt;
  }
  const std::string kind = singular(type.section);
  std::string hint = hint_for(name, scope_.members(type.section));
  diagnostics_.add({.code = "unknown-" + kind,
                    .summary = fmt::format("no {} is named {}", kind, quoted(name)),
                    .where = where,
                    .hint = std::move(hint)});
  return std::nullopt;
}

// The bare name of a node that has copies stands for all of them in a list.
std::optional<Value::List> Typing::copies_named(const Value& name, const Type& type,
                                                const Span& where) const {
  if (type.kind != Type::Kind::Reference || !name.is_text())
    return std::nullopt;
  const std::optional<Value> found = scope_.member(type.section, name.text(), where);
  return found && found->is_reference() ? scope_.elements(found->reference()) : std::nullopt;
}

bool Typing::keeps(const Value& value, const PropertySchema& property, const Tree& tree) const {
  if (value.is_list()) {
    bool fine = true;
    for (std::size_t i = 0; i < value.list().size(); ++i)
      fine = keeps(value.list()[i], property, i < tree.items.size() ? tree.items[i] : tree) && fine;
    return fine;
  }
  const Span& where = tree.where;
  const std::string text = value.is_text() ? value.text() : to_display(value);
  if (!property.one_of.empty() && !value.is_null() && value.is_known() &&
      std::ranges::find(property.one_of, text) == property.one_of.end()) {
    std::string hint = hint_for(text, property.one_of);
    diagnostics_.add({.code = "not-one-of",
                      .summary = fmt::format("{} is not among {}", quoted(text),
                                             fmt::join(property.one_of, ", ")),
                      .where = where,
                      .hint = std::move(hint)});
    return false;
  }
  if (property.pattern && value.is_text() && !RE2::FullMatch(value.text(), *property.pattern)) {
    diagnostics_.add({.code = "no-match",
                      .summary = fmt::format("{} does not match the pattern {}",
                                             quoted(value.text()), *property.pattern),
                      .where = where});
    return false;
  }
  const auto outside = [&](const char* comparison, const std::optional<Value>& bound,
                           const char* word) {
    if (!bound || !value.is_known() || value.is_null() ||
        binary(comparison, value, *bound).boolean())
      return false;
    diagnostics_.add(
        {.code = "out-of-range",
         .summary = fmt::format("'{}' is {} {}", property.name, word, to_display(*bound)),
         .where = where});
    return true;
  };
  return !outside(">=", property.least, "at least") && !outside("<=", property.most, "at most");
}

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

void Typing::add_path(const Tree& entry, std::vector<Path>& found) const {
  if (entry.text.find("${{") != std::string::npos) {
    diagnostics_.add({.code = "bad-path",
                      .summary = "'needs' lists paths, without '${{ }}'",
                      .where = entry.where});
    return;
  }
  std::optional<Value> value;
  try {
    value = evaluated(*parse_path(entry));
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
