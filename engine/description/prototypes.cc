#include "engine/description/prototypes.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/item_name.h"
#include "engine/description/merge.h"
#include "engine/description/typing.h"

namespace encamp {
namespace {

constexpr std::size_t kDeepestPrototype = 100;

}  // namespace

Prototypes::Prototypes(const Joined& description, const Registry& registry,
                       Diagnostics& diagnostics)
    : is_whole_(description.is_whole), registry_(registry), diagnostics_(diagnostics) {
  const Tree& tree = description.tree;
  if (const Tree::Entry* nodes = tree.find("nodes"))
    nodes_ = &nodes->value;
  const Tree::Entry* entry = tree.find("prototypes");
  if (entry == nullptr || !entry->value.is_mapping())
    return;
  section_ = &entry->value;
  for (const Tree::Entry& prototype : section_->entries) {
    if (prototype.key.starts_with("x-"))
      continue;
    by_name_.emplace(prototype.key, &prototype.value);
    names_.push_back(prototype.key);
  }
  static const RE2 kName("[A-Za-z0-9_.-]{1,100}");
  for (const Tree::Entry& prototype : section_->entries) {
    if (prototype.key.starts_with("x-"))
      continue;
    if (!RE2::FullMatch(prototype.key, kName))
      diagnostics_.add(
          {.code = "bad-name",
           .summary = fmt::format("{} cannot be the name of a prototype", quoted(prototype.key)),
           .where = prototype.where,
           .hint = "names of prototypes are letters, digits, '-', '_' and '.'"});
    if (!prototype.value.is_mapping() && !prototype.value.is_null())
      diagnostics_.add({.code = "wrong-type",
                        .summary = fmt::format("a prototype is a mapping, and this is {}",
                                               prototype.value.kind_name()),
                        .where = prototype.value.where});
    check_parents(prototype.value);
  }
  find_lines(tree);
  find_cycles();
}

const Tree* Prototypes::find(const std::string& name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

// The names in `extends` that are text.
std::vector<const Tree*> Prototypes::parents(const Tree& definition) const {
  std::vector<const Tree*> names;
  const Tree::Entry* extends = definition.find("extends");
  if (extends == nullptr)
    return names;
  if (extends->value.is_scalar())
    names.push_back(&extends->value);
  for (const Tree& item : extends->value.items) {
    if (item.is_scalar())
      names.push_back(&item);
  }
  return names;
}

void Prototypes::check_parents(const Tree& definition) const {
  const Tree::Entry* extends = definition.find("extends");
  if (extends == nullptr || extends->value.is_null())
    return;
  const std::vector<const Tree*> names = parents(definition);
  if (extends->value.is_mapping() ||
      (extends->value.is_list() && names.size() != extends->value.items.size()))
    diagnostics_.add({.code = "wrong-type",
                      .summary = "'extends' is the name of a prototype, or a list of names",
                      .where = extends->value.where});
  for (const Tree* name : names) {
    if (has(name->text) || !is_whole_)
      continue;
    told_.insert(name->text);
    std::string hint = hint_for(name->text, this->names());
    if (hint.empty() && nodes_ != nullptr && nodes_->find(name->text) != nullptr)
      hint = fmt::format("'{}' is a node, and only prototypes are extended", name->text);
    diagnostics_.add({.code = "unknown-prototype",
                      .summary = fmt::format("no prototype is named {}", quoted(name->text)),
                      .where = name->where,
                      .hint = std::move(hint)});
  }
}

void Prototypes::find_cycles() {
  std::set<std::string> done;
  for (const std::string& start : names()) {
    // The way from `start` on: each prototype with the entry that leads to the next.
    std::vector<std::pair<std::string, const Tree*>> way;
    const auto walk = [&](const auto& self, const std::string& name) -> void {
      const auto again = std::ranges::find(way, name, &std::pair<std::string, const Tree*>::first);
      if (again != way.end()) {
        Diagnostic diagnostic{
            .code = "prototype-cycle",
            .summary = fmt::format("the prototype '{}' extends itself in the end", name),
            .where = again->second->where,
            .hint = "take one of these out"};
        for (auto step = again; step != way.end(); ++step)
          diagnostic.notes.push_back(
              {fmt::format("'{}' extends '{}'", step->first, step->second->text),
               step->second->where});
        diagnostics_.add(std::move(diagnostic));
        return;
      }
      if (done.contains(name) || !has(name))
        return;
      if (way.size() >= kDeepestPrototype) {
        diagnostics_.add({.code = "too-deep",
                          .summary = fmt::format("prototypes extend each other more than {} deep",
                                                 kDeepestPrototype),
                          .where = way.back().second->where});
        return;
      }
      for (const Tree* parent : parents(*find(name))) {
        way.emplace_back(name, parent);
        self(self, parent->text);
        way.pop_back();
      }
      done.insert(name);
    };
    walk(walk, start);
  }
}

// A prototype reaches from its key to the next key of its level, or of the one above.
void Prototypes::find_lines(const Tree& tree) {
  std::vector<std::tuple<std::string, int, std::string>> starts;
  const auto add = [&](const Tree::Entry& entry, const std::string& name) {
    if (entry.where)
      starts.emplace_back(entry.where.file->name(), entry.where.line, name);
  };
  for (const Tree::Entry& section : tree.entries) {
    add(section, "");
    for (const Tree::Entry& entry : section.value.entries)
      add(entry, &section.value == section_ ? entry.key : "");
  }
  std::ranges::sort(starts);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    const auto& [file, line, name] = starts[i];
    const bool same_file = i + 1 < starts.size() && std::get<0>(starts[i + 1]) == file;
    if (!name.empty())
      lines_.push_back(
          {file, line, same_file ? std::get<1>(starts[i + 1]) - 1 : std::numeric_limits<int>::max(),
           name});
  }
}

std::string Prototypes::at(const Span& where) const {
  if (!where)
    return {};
  const auto after = std::ranges::upper_bound(
      lines_, std::tie(where.file->name(), where.line), {},
      [](const Lines& lines) { return std::tie(lines.file, lines.first); });
  if (after == lines_.begin())
    return {};
  const Lines& lines = *std::prev(after);
  return lines.file == where.file->name() && where.line <= lines.last ? lines.name : "";
}

// Parents before children, each once, where it is first reached.
void Prototypes::reach(const Tree& name, const std::string& by, Extended& extended,
                       std::vector<std::string>& order, std::size_t depth) const {
  const Tree* definition = find(name.text);
  extended.is_whole = extended.is_whole && definition != nullptr;
  if (depth > kDeepestPrototype || definition == nullptr ||
      !extended.prototypes.emplace(name.text, Extended::Step{name.where, by}).second)
    return;
  for (const Tree* parent : parents(*definition))
    reach(*parent, name.text, extended, order, depth + 1);
  order.push_back(name.text);
}

// Two items of one list would both be merged into an inherited one, the second over the first.
void Prototypes::check_own_items(const Tree& inherited, const Tree& own) const {
  const auto items_of = [](const Tree& keys) -> const std::vector<Tree>& {
    static const std::vector<Tree> kNone;
    const Tree::Entry* software = keys.find("software");
    return software == nullptr ? kNone : software->value.items;
  };
  if (items_of(own).size() < 2 || items_of(inherited).empty())
    return;
  std::set<std::string> names;
  for (const Tree& item : items_of(inherited))
    names.insert(item.is_mapping() ? item_name(item, registry_) : "");
  std::map<std::string, Span> seen;
  for (const Tree& item : items_of(own)) {
    if (!item.is_mapping() || (item.find("package") != nullptr && item.find("name") == nullptr))
      continue;
    const std::string name = item_name(item, registry_);
    const auto [first, is_new] = seen.emplace(name, item.entries.front().where);
    if (!is_new && !name.empty() && names.contains(name))
      diagnostics_.add({.code = "duplicate-name",
                        .summary = fmt::format("a second item here is known as {}", quoted(name)),
                        .where = item.entries.front().where,
                        .hint = "both would be merged into the inherited one",
                        .notes = {{"the other", first->second}}});
  }
}

std::shared_ptr<const Extended> Prototypes::extend(const Tree& own) const {
  auto extended = std::make_shared<Extended>();
  check_parents(own);
  std::vector<std::string> order;
  for (const Tree* name : parents(own)) {
    if (has(name->text))
      extended->parents.push_back(name->text);
    reach(*name, "", *extended, order, 0);
  }
  Tree keys{.kind = Tree::Kind::Mapping};
  for (const std::string& name : order)
    keys = merged(std::move(keys), *find(name), registry_);
  check_own_items(keys, own);
  keys = merged(std::move(keys), own, registry_);
  std::erase_if(keys.entries, [](const Tree::Entry& entry) { return entry.key == "extends"; });
  extended->keys = std::move(keys);
  return extended;
}

std::vector<Diagnostic::Note> Prototypes::way(const Extended& extended, const Span& where,
                                              const std::string& node) const {
  std::vector<Diagnostic::Note> notes;
  std::string name = at(where);
  while (!name.empty()) {
    const auto step = extended.prototypes.find(name);
    if (step == extended.prototypes.end())
      break;
    const std::string& by = step->second.by;
    notes.push_back(
        {fmt::format("{} extends '{}'",
                     by.empty() ? fmt::format("'{}'", node) : fmt::format("prototype '{}'", by),
                     name),
         step->second.where});
    name = by;
  }
  return notes;
}

}  // namespace encamp
