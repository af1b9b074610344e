#include <algorithm>

#include <fmt/format.h>

#include "engine/description/read.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

// `workers=3`, as it stands on the command line, as a value of the description. It holds no
// references.
Tree tree_of(const Setting& setting, const Type& type, Diagnostics& diagnostics) {
  const bool is_yaml = type.kind == Type::Kind::List || type.kind == Type::Kind::Mapping;
  if (is_yaml) {
    const auto file = std::make_shared<const SourceFile>(
        "--set", fmt::format("{}: {}", setting.name, setting.value));
    const std::optional<Tree> tree = read_tree(file, diagnostics);
    return tree && tree->entries.size() == 1 ? tree->entries.front().value : Tree{};
  }
  const auto file = std::make_shared<const SourceFile>(
      "--set", fmt::format("{}={}", setting.name, setting.value));
  Tree scalar{.kind = Tree::Kind::Scalar, .text = setting.value};
  scalar.begin = setting.name.size() + 1;
  scalar.where = span_at(file, scalar.begin, std::max<std::size_t>(setting.value.size(), 1));
  for (std::size_t at = 0; (at = scalar.text.find("${{", at)) != std::string::npos; at += 4)
    scalar.text.insert(at, 1, '$');
  return scalar;
}

}  // namespace

void declare_parameters(Drafts& drafts, const Tree& section, const std::vector<Setting>& settings,
                        std::deque<Tree>& trees) {
  Diagnostics& diagnostics = drafts.diagnostics();
  const PlaceScope scope(drafts, {});
  const Typing typing(scope, drafts.loader(), diagnostics);
  std::vector<std::string> names;
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-"))
      continue;
    names.push_back(entry.key);
    std::optional<Declaration> declaration =
        read_declaration(entry, Declared::Parameter, drafts.registry(), typing, diagnostics);
    if (!declaration)
      continue;
    const Tree* set = nullptr;
    bool is_readable = true;
    for (const Setting& setting : settings) {
      if (setting.name != entry.key)
        continue;
      set = &trees.emplace_back(tree_of(setting, declaration->schema.type, diagnostics));
      is_readable = set->where.file != nullptr;
    }
    if (is_readable)
      drafts.add_parameter(std::move(*declaration), set);
    else
      drafts.add_wrong_parameter(std::move(*declaration));
  }
  for (const Setting& setting : settings) {
    if (std::ranges::find(names, setting.name) != names.end())
      continue;
    const auto file = std::make_shared<const SourceFile>(
        "--set", fmt::format("{}={}", setting.name, setting.value));
    std::string hint = hint_for(setting.name, names);
    if (hint.empty())
      hint = names.empty() ? "the site has no parameters"
                           : fmt::format("there are {}", fmt::join(names, ", "));
    diagnostics.add({.code = "unknown-parameter",
                     .summary = fmt::format("no parameter is named {}", quoted(setting.name)),
                     .where = span_at(file, 0, std::max<std::size_t>(setting.name.size(), 1)),
                     .hint = std::move(hint)});
  }
}

}  // namespace encamp
