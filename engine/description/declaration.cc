#include "engine/description/declaration.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "engine/description/functions.h"
#include "engine/description/resolver.h"
#include "engine/description/scalar_types.h"

namespace encamp {
namespace {

using TypeKind = Type::Kind;

constexpr std::array<std::pair<const char*, TypeKind>, 11> kPlain = {
    {{"string", TypeKind::Text},
     {"integer", TypeKind::Integer},
     {"number", TypeKind::Number},
     {"boolean", TypeKind::Boolean},
     {"size", TypeKind::Size},
     {"duration", TypeKind::Time},
     {"address", TypeKind::Ip},
     {"subnet", TypeKind::Subnet},
     {"path", TypeKind::Path},
     {"file", TypeKind::Source},
     {"mapping", TypeKind::Mapping}}};
constexpr std::array<std::pair<const char*, const char*>, 4> kReferences = {
    {{"node", "nodes"}, {"network", "networks"}, {"image", "images"}, {"volume", "volumes"}}};

std::vector<std::string> type_names(const Registry& registry) {
  std::vector<std::string> names = {"list", "list of ...", "mapping of ..."};
  for (const auto& [name, kind] : kPlain)
    names.emplace_back(name);
  for (const auto& [name, section] : kReferences)
    names.emplace_back(name);
  std::ranges::copy(registry.names("resources"), std::back_inserter(names));
  return names;
}

std::optional<Type> type_named(const std::string& text, const Registry& registry) {
  for (const auto& [name, kind] : kPlain) {
    if (text == name)
      return Type{.kind = kind};
  }
  for (const auto& [name, section] : kReferences) {
    if (text == name)
      return Type{.kind = TypeKind::Reference, .section = section};
  }
  if (text == "list")
    return Type{.kind = TypeKind::List};
  for (const auto& [prefix, kind] :
       {std::pair{"list of ", TypeKind::List}, std::pair{"mapping of ", TypeKind::Mapping}}) {
    if (!text.starts_with(prefix))
      continue;
    std::optional<Type> item = type_named(text.substr(std::string_view(prefix).size()), registry);
    if (!item)
      return std::nullopt;
    const bool is_file =
        item->kind == TypeKind::Source;  // `--set patch=x.deb` gives a list of one.
    return Type{
        .kind = kind, .item = {std::move(*item)}, .or_one = is_file && kind == TypeKind::List};
  }
  const Component* component = registry.find(text);
  if (component != nullptr && component->schema().section == "resources")
    return Type{.kind = TypeKind::Reference, .section = "resources", .component = text};
  return std::nullopt;
}

std::string variable_name(const std::string& parameter) {
  std::string name;
  for (const char c : parameter)
    name += c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

bool is_text(TypeKind kind) {
  return kind == TypeKind::Text || kind == TypeKind::Path || kind == TypeKind::Source ||
         kind == TypeKind::Ip || kind == TypeKind::Subnet;
}

class DeclarationReader {
 public:
  DeclarationReader(const Tree::Entry& entry, const Registry& registry, const Typing& typing,
                    Diagnostics& diagnostics)
      : entry_(entry), registry_(registry), typing_(typing), diagnostics_(diagnostics) {}

  std::optional<Declaration> read(Declared kind) {
    const std::string of = kind == Declared::Parameter ? "a parameter" : "an attribute";
    std::vector<std::string> known = {"type", "default", "about", "range", "one_of", "pattern"};
    known.emplace_back(kind == Declared::Attribute ? "required" : "secret");
    if (!check_name(entry_.key, of, entry_.where, diagnostics_) || !check_mapping(of))
      return std::nullopt;
    check_keys(entry_.value, known, of, diagnostics_);
    declaration_.schema.name = entry_.key;
    declaration_.where = entry_.where;
    if (!read_type(of))
      return std::nullopt;
    if (const Tree* tree = written("about")) {
      const std::optional<Value> about = typing_.read(*tree, Type{.kind = TypeKind::Text});
      declaration_.schema.about = about && about->is_text() ? about->text() : "";
    }
    if (const Tree* tree = written("required"))
      declaration_.schema.required =
          typing_.read(*tree, Type{.kind = TypeKind::Boolean}).value_or(false).boolean();
    declaration_.fallback = written("default");
    read_secret();
    read_constraints();
    return std::move(declaration_);
  }

 private:
  bool check_mapping(const std::string& of) {
    if (entry_.value.is_mapping())
      return true;
    diagnostics_.add({.code = "wrong-type",
                      .summary = fmt::format("{} is declared by a mapping, and this is {}", of,
                                             entry_.value.kind_name()),
                      .where = entry_.value.where,
                      .hint = fmt::format("write '{}: {{type: string}}'", entry_.key)});
    return false;
  }

  const Tree* written(const char* key) const {
    const Tree::Entry* entry = entry_.value.find(key);
    return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
  }

  bool read_type(const std::string& of) {
    const Tree* tree = written("type");
    if (tree == nullptr) {
      report_missing("type", fmt::format("'{}'", entry_.key), entry_.where, diagnostics_,
                     "a type is string, integer, size, node, list of string, ...");
      return false;
    }
    std::optional<Type> type = type_named(tree->text, registry_);
    if (type) {
      declaration_.schema.type = std::move(*type);
      declaration_.type = tree->text;
      return true;
    }
    std::string hint = hint_for(tree->text, type_names(registry_));
    if (hint.empty())
      hint = fmt::format("there are {}", fmt::join(type_names(registry_), ", "));
    diagnostics_.add({.code = "unknown-type",
                      .summary = fmt::format("{} is no type of {}", quoted(tree->text), of),
                      .where = tree->where,
                      .hint = std::move(hint)});
    return false;
  }

  void read_secret() {
    const Tree* tree = written("secret");
    if (tree == nullptr)
      return;
    declaration_.secret =
        typing_.read(*tree, Type{.kind = TypeKind::Boolean}).value_or(false).boolean();
    if (!declaration_.secret)
      return;
    if (declaration_.schema.type.kind != TypeKind::Text)
      diagnostics_.add({.code = "wrong-type",
                        .summary = "a secret is text",
                        .where = written("type")->where,
                        .hint = "write 'type: string'"});
    if (declaration_.fallback != nullptr)
      diagnostics_.add({.code = "two-keys",
                        .summary = "a secret has no 'default': it would stand in the description",
                        .where = entry_.value.find("default")->where,
                        .hint = how_to_give_secret(entry_.key)});
  }

  void read_constraints() {
    PropertySchema& schema = declaration_.schema;
    if (const Tree* tree = written("range")) {
      const TypeKind kind = schema.type.kind;
      const bool ordered = kind == TypeKind::Integer || kind == TypeKind::Number ||
                           kind == TypeKind::Size || kind == TypeKind::Time;
      if (!ordered || !tree->is_list() || tree->items.size() != 2) {
        diagnostics_.add({.code = "wrong-type",
                          .summary = "'range' is a list of the least and the greatest value of a "
                                     "number, size or duration",
                          .where = tree->where});
      } else {
        schema.least = typing_.read(tree->items[0], schema.type);
        schema.most = typing_.read(tree->items[1], schema.type);
        if (schema.least && schema.most && binary(">", *schema.least, *schema.most).boolean()) {
          diagnostics_.add({.code = "out-of-range",
                            .summary = "the least value of 'range' is above the greatest",
                            .where = tree->where,
                            .hint = "write the least one first"});
          schema.least.reset();
          schema.most.reset();
        }
      }
    }
    if (const Tree* tree = written("one_of")) {
      const std::optional<Value> list =
          typing_.read(*tree, Type{.kind = TypeKind::List, .item = {{.kind = TypeKind::Text}}});
      for (const Value& item : list ? list->list() : Value::List())
        schema.one_of.push_back(item.is_text() ? item.text() : "");
      if (list && schema.one_of.empty())
        diagnostics_.add({.code = "wrong-type",
                          .summary = "'one_of' lists at least one value",
                          .where = tree->where});
    }
    if (const Tree* tree = written("pattern")) {
      const Type& of = schema.type.item.empty() ? schema.type : schema.type.item.front();
      if (!is_text(of.kind))
        diagnostics_.add({.code = "wrong-type",
                          .summary = fmt::format("'pattern' is for text, and '{}' is {}",
                                                 entry_.key, type_name(of)),
                          .where = tree->where,
                          .hint = "numbers, sizes and times have a 'range'"});
      else if (typing_.check_pattern(tree->text, tree->where))
        schema.pattern = tree->text;
    }
  }

  const Tree::Entry& entry_;
  const Registry& registry_;
  const Typing& typing_;
  Diagnostics& diagnostics_;
  Declaration declaration_;
};

}  // namespace

std::string how_to_give_secret(const std::string& parameter) {
  return fmt::format("give it by '--parameters FILE' or the variable ENCAMP_SET_{}",
                     variable_name(parameter));
}

std::optional<Declaration> read_declaration(const Tree::Entry& entry, Declared kind,
                                            const Registry& registry, const Typing& typing,
                                            Diagnostics& diagnostics) {
  return DeclarationReader(entry, registry, typing, diagnostics).read(kind);
}

}  // namespace encamp
