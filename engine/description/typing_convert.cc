// From a value, as it is written or evaluated, to the type that its key wants.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/description/functions.h"
#include "engine/description/local_scope.h"
#include "engine/description/scalar_types.h"
#include "engine/description/typing.h"
#include "engine/error.h"

namespace encamp {
namespace {

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
      if (const std::optional<Value::List> copies = copies_named(item, type.item_type(), where)) {
        list.insert(list.end(), copies->begin(), copies->end());
        continue;
      }
      std::optional<Value> converted = convert(item, type.item_type(), where);
      if (!converted)
        return std::nullopt;
      list.push_back(std::move(*converted));
    }
    return list;
  }
  if (value.is_secret() && type.kind == Type::Kind::Text)
    return value;
  try {
    if (type.kind == Type::Kind::Text)
      return to_text(value);
    if (value.is_text() && type.kind == Type::Kind::Reference)
      return resource_named(value.text(), type, where);
    if (value.is_text() && type.kind == Type::Kind::Source)
      return loader_.locate(value.text(), where.file->name());
    if (value.is_text() && (type.kind == Type::Kind::Bytes || type.kind == Type::Kind::Template ||
                            type.kind == Type::Kind::Parsed || type.kind == Type::Kind::Directory))
      return file_named(value.text(), type, where);
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
       is_of(value.reference(), type)) ||
      (type.kind == Type::Kind::Mapping && type.fields.empty() && value.is_mapping());
  if (fits)
    return value;
  wrong_type(type_name(type), value.is_reference() ? quoted(value.reference()) : value.kind_name(),
             where);
  return std::nullopt;
}

// Resources are of the site or of a node.
bool Typing::is_of(const Address& address, const Type& type) const {
  const bool is_in_section =
      address.starts_with(type.section + ".") ||
      (type.section == "resources" && address.starts_with("nodes.") && node_of(address).empty());
  return is_in_section &&
         (type.component.empty() || scope_.component_of(address) == type.component);
}

// Its bytes, what its text says, or all that is below it.
std::optional<Value> Typing::file_named(const std::string& path, const Type& type,
                                        const Span& where) const {
  if (type.kind == Type::Kind::Directory) {
    const FileTree tree = loader_.load_tree(loader_.locate(path, where.file->name()));
    for (const FileInTree& file : tree)
      scope_.spend(1 + file.content.size() / 64);
    return to_value(tree);
  }
  const Scope::FilePointer file = scope_.file(path, where.file->name());
  if (file == nullptr)
    throw Error(ErrorKind::NotFound, "no file can be read here");
  if (type.kind == Type::Kind::Bytes)
    return file->bytes;
  if (type.kind == Type::Kind::Parsed)
    return type.parse(file->absolute, file->bytes);
  const TemplateScope inside(scope_, *file);
  return Typing(inside, loader_, diagnostics_)
      .read(template_tree(*file), Type{.kind = Type::Kind::Text});
}

// Where text is wanted, the value becomes text when it is known, whatever it is then.
std::optional<Value> Typing::convert_pending(const Value& value, const Type& type,
                                             const Span& where) const {
  if (!may_be_pending(type.kind)) {
    if (type.kind == Type::Kind::List && type.or_one && may_be_pending(type.item_type().kind)) {
      const std::optional<Value> item = convert_pending(value, type.item_type(), where);
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
    if (found->is_reference() && !scope_.elements(found->reference())) {
      if (is_of(found->reference(), type))
        return found;
      wrong_type(type_name(type), quoted(found->reference()), where);
      return std::nullopt;
    }
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

bool Typing::is_left_out(const Tree& tree, const Type& type) const {
  if (!tree.is_scalar())
    return false;
  try {
    const Scope::Parsed parsed = scope_.parse(tree);
    if (const std::string* name = std::get_if<std::string>(&parsed)) {
      const std::optional<Value> found = scope_.member(type.section, *name, tree.where);
      return found && found->is_null();
    }
    return evaluate(*std::get<Expression::Pointer>(parsed), scope_).is_null();
  } catch (const ExpressionError&) {  // Told where the value is read.
    return false;
  }
}

// The bare name of a node that has copies stands for all of them in a list.
std::optional<Value::List> Typing::copies_named(const Value& name, const Type& type,
                                                const Span& where) const {
  if (type.kind != Type::Kind::Reference || !name.is_text())
    return std::nullopt;
  try {
    const std::optional<Value> found = scope_.member(type.section, name.text(), where);
    if (found && found->is_null())  // Lists leave out what `when` leaves out.
      return Value::List();
    return found && found->is_reference() ? scope_.elements(found->reference()) : std::nullopt;
  } catch (const ExpressionError&) {  // Told where the item itself is read.
    return std::nullopt;
  }
}

}  // namespace encamp
