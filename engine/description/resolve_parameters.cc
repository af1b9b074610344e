#include <algorithm>

#include <fmt/format.h>

#include "engine/description/include.h"
#include "engine/description/read.h"
#include "engine/description/resolver.h"
#include "engine/description/scalar_types.h"

namespace encamp {
namespace {

// What a setting gives holds no references.
void escape(Tree& tree) {
  for (std::size_t at = 0; (at = tree.text.find("${{", at)) != std::string::npos; at += 4)
    tree.text.insert(at, 1, '$');
  for (Tree& item : tree.items)
    escape(item);
  for (Tree::Entry& entry : tree.entries)
    escape(entry.value);
}

/// How the setting is shown, like a file with one line: `--set` and `workers=3`.
std::shared_ptr<const SourceFile> file_of(const Setting& setting, const char* separator) {
  return setting.from == Setting::From::Variable
             ? std::make_shared<const SourceFile>(
                   Setting::kVariable,
                   fmt::format("ENCAMP_SET_{}{}{}", setting.name, separator, setting.value))
             : std::make_shared<const SourceFile>(
                   Setting::kOption, fmt::format("{}{}{}", setting.name, separator, setting.value));
}

// As a value of the description; null when it cannot be read, which is reported.
Tree tree_of(const Setting& setting, const Type& type, Diagnostics& diagnostics) {
  Tree tree;
  if (setting.tree) {
    tree = *setting.tree;
  } else if (type.kind == Type::Kind::List || type.kind == Type::Kind::Mapping) {
    const std::optional<Tree> read = read_tree(file_of(setting, ": "), diagnostics);
    if (read && read->entries.size() == 1)
      tree = read->entries.front().value;
  } else {
    const std::shared_ptr<const SourceFile> file = file_of(setting, "=");
    tree = {.kind = Tree::Kind::Scalar, .text = setting.value};
    tree.begin = file->text().size() - setting.value.size();
    tree.where = span_at(file, tree.begin, std::max<std::size_t>(setting.value.size(), 1));
  }
  escape(tree);
  return tree;
}

// Nothing of it is shown: its place is one where it does not stand.
Tree secret_tree(const Setting& setting) {
  Tree tree{.kind = Tree::Kind::Scalar, .style = Tree::Style::DoubleQuoted};
  tree.text = setting.tree ? setting.tree->text : setting.value;
  const std::string line = setting.name + "=(secret)";
  tree.where = span_at(std::make_shared<const SourceFile>("parameters", line), 0, line.size());
  escape(tree);
  return tree;
}

// Variables are written in capitals and without '-'.
bool is_for(const Setting& setting, const std::string& parameter) {
  if (setting.from != Setting::From::Variable)
    return setting.name == parameter;
  return std::ranges::equal(setting.name, parameter, [](char variable, char c) {
    const char capital = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return variable == (c == '-' ? '_' : capital);
  });
}

void report_unknown(const Setting& setting, const std::vector<std::string>& names,
                    Diagnostics& diagnostics) {
  std::string hint = hint_for(setting.name, names);
  if (hint.empty())
    hint = names.empty() ? "the site has no parameters"
                         : fmt::format("there are {}", fmt::join(names, ", "));
  const Span where = setting.tree ? setting.key
                                  : span_at(file_of(setting, "="), 0,
                                            std::max<std::size_t>(setting.name.size(), 1));
  diagnostics.add({.code = "unknown-parameter",
                   .summary = fmt::format("no parameter is named {}", quoted(setting.name)),
                   .where = where,
                   .hint = std::move(hint)});
}

}  // namespace

std::vector<std::string> secret_parameters(const Tree& tree, const Registry& registry,
                                           const Loader& loader) {
  Diagnostics ignored;  // resolve() tells them.
  const Tree whole = with_included(tree, loader, registry, ignored).tree;
  const Tree::Entry* section = whole.find("parameters");
  std::vector<std::string> names;
  for (const Tree::Entry& entry :
       section == nullptr ? std::vector<Tree::Entry>() : section->value.entries) {
    const Tree::Entry* secret = entry.value.find("secret");
    if (secret != nullptr && core_scalar(secret->value.text) == Value(true))
      names.push_back(entry.key);
  }
  return names;
}

void declare_parameters(Drafts& drafts, const Tree& section, const std::vector<Setting>& settings,
                        std::deque<Tree>& trees) {
  Diagnostics& diagnostics = drafts.diagnostics();
  const PlaceScope scope(drafts, Address());
  const Typing typing(scope, drafts.loader(), diagnostics);
  std::vector<std::string> names;
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-"))
      continue;
    names.push_back(entry.key);
    std::optional<Declaration> declaration =
        read_declaration(entry, Declared::Parameter, drafts.registry(), typing, diagnostics);
    if (!declaration) {
      drafts.break_name("parameters", entry.key);
      continue;
    }
    const Tree* set = nullptr;
    bool is_readable = true;
    for (const Setting& setting : settings) {
      if (!is_for(setting, entry.key))
        continue;
      set = &trees.emplace_back(declaration->secret
                                    ? secret_tree(setting)
                                    : tree_of(setting, declaration->schema.type, diagnostics));
      is_readable = set->where.file != nullptr;
    }
    if (is_readable)
      drafts.add_parameter(std::move(*declaration), set);
    else
      drafts.add_wrong_parameter(std::move(*declaration));
  }
  for (const Setting& setting : settings) {
    // Other programs may have such variables too.
    if (setting.from != Setting::From::Variable &&
        std::ranges::find(names, setting.name) == names.end())
      report_unknown(setting, names, diagnostics);
  }
}

}  // namespace encamp
