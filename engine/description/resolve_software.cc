#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/description/item_name.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

const std::vector<std::string> kCommonKeys = {"name",  "needs", "timeout",
                                              "retry", "when",  "before"};
const std::vector<std::string> kLaterKeys = {"for_each"};

bool is_common(const std::string& key) {
  return std::ranges::find(kCommonKeys, key) != kCommonKeys.end() ||
         std::ranges::find(kLaterKeys, key) != kLaterKeys.end();
}

std::vector<std::string> component_names(const Registry& registry) {
  std::vector<std::string> names;
  for (const Component* component : registry.all("software"))
    names.push_back(component->schema().component);
  return names;
}

void report_no_component(const Tree& item, const Drafts& drafts) {
  const std::vector<std::string> names = component_names(drafts.registry());
  const Tree::Entry* odd = nullptr;
  for (const Tree::Entry& entry : item.entries) {
    if (!is_common(entry.key) && !entry.key.starts_with("x-") &&
        (odd == nullptr || !nearest(entry.key, names).empty()))
      odd = &entry;
  }
  if (odd == nullptr) {
    drafts.diagnostics().add({.code = "no-component",
                              .summary = "this item does not say what it is",
                              .where = item.where,
                              .hint = fmt::format("there are {}", fmt::join(names, ", "))});
    return;
  }
  std::string hint = hint_for(odd->key, names);
  if (hint.empty())
    hint = fmt::format("there are {}", fmt::join(names, ", "));
  drafts.diagnostics().add({.code = "unknown-component",
                            .summary = fmt::format("no component is named {}", quoted(odd->key)),
                            .where = odd->where,
                            .hint = std::move(hint)});
}

/// The entry whose key is the item's component.
const Tree::Entry* find_component(const Tree& item, const Drafts& drafts) {
  const std::vector<const Tree::Entry*> candidates = component_entries(item, drafts.registry());
  if (candidates.empty()) {
    report_no_component(item, drafts);
    return nullptr;
  }
  if (const Tree::Entry* owner = component_entry(candidates, drafts.registry()))
    return owner;
  drafts.diagnostics().add({.code = "two-components",
                            .summary = fmt::format("this item is both '{}' and '{}'",
                                                   candidates[0]->key, candidates[1]->key),
                            .where = candidates[1]->where,
                            .hint = "make two items of it",
                            .notes = {{"the other", candidates[0]->where}}});
  return nullptr;
}

// Merging put the item in front of the one that `before` names, so that one comes only now.
void check_before(const Tree& item, const std::map<std::string, Span>& taken,
                  const std::set<std::string>& all, Diagnostics& diagnostics) {
  const Tree::Entry* before = item.find("before");
  if (before == nullptr || before->value.is_null())
    return;
  const std::string& name = before->value.text;
  if (all.contains(name) && !taken.contains(name))
    return;
  diagnostics.add({.code = "unknown-name",
                   .summary = fmt::format("no inherited item is known as {}", quoted(name)),
                   .where = before->value.where,
                   .hint = hint_for(name, {all.begin(), all.end()})});
}

void declare_item(Drafts& drafts, const Address& node, const Tree& item,
                  std::map<std::string, Span>& taken, const std::set<std::string>& all) {
  Diagnostics& diagnostics = drafts.diagnostics();
  if (!item.is_mapping()) {
    diagnostics.add(
        {.code = "wrong-type",
         .summary = fmt::format("a software item is a mapping, and this is {}", item.kind_name()),
         .where = item.where,
         .hint = item.is_scalar()
                     ? fmt::format("a package is written {}", quoted("package: " + item.text))
                     : ""});
    return;
  }
  const Tree::Entry* component = find_component(item, drafts);
  if (component == nullptr)
    return;
  const Schema& schema = drafts.registry().get(component->key).schema();
  if (component->value.is_null() || component->value.is_mapping() ||
      subject_text(component->value).empty()) {
    diagnostics.add({.code = "missing-value",
                     .summary = fmt::format("'{}' does not say which", component->key),
                     .where = component->where});
    return;
  }
  const Tree::Entry* name = item.find("name");
  if (name != nullptr && !name->value.is_scalar()) {
    diagnostics.add(
        {.code = "wrong-type",
         .summary = fmt::format("a name is text, and this is {}", name->value.kind_name()),
         .where = name->value.where});
    return;
  }
  if (name != nullptr && !check_name(name->value.text, "an item", name->value.where, diagnostics))
    return;

  std::string known_as = item_name(item, drafts.registry());
  const Span where = component->where;
  // Several items may install the same packages; each is a resource of its own.
  if (name == nullptr && schema.component == "package") {
    const std::string base = known_as;
    for (int copy = 2; taken.contains(known_as); ++copy)
      known_as = fmt::format("{} ({})", base, copy);
  }
  const auto [first, is_new] = taken.emplace(known_as, where);
  if (!is_new) {
    diagnostics.add({.code = "duplicate-name",
                     .summary = fmt::format("another item of '{}' is known as '{}'",
                                            drafts.find(node)->written_as, known_as),
                     .where = name != nullptr ? name->value.where : component->value.where,
                     .hint = "give one of them a 'name'",
                     .notes = {{"the other", first->second}}});
    return;
  }

  check_before(item, taken, all, diagnostics);
  Draft draft;
  draft.resource.address = child_address(node + ".software", known_as);
  draft.resource.component = schema.component;
  draft.resource.node = node;
  draft.resource.where = where;
  draft.schema = &schema;
  draft.subject = component;
  draft.keys = &item;

  std::vector<std::string> known = kCommonKeys;
  known.push_back(component->key);
  for (const PropertySchema& property : schema.properties) {
    if (!property.chosen && property.name != schema.subject)
      known.push_back(property.name);
  }
  draft.faulty =
      !check_keys(item, known, kLaterKeys, fmt::format("a {}", schema.component), diagnostics);
  if (!drafts.is_wanted(draft)) {
    drafts.leave_out(node + ".software", known_as);
    return;
  }
  drafts.add_name(node + ".software", known_as, draft.resource.address);
  drafts.add(std::move(draft));
}

}  // namespace

void declare_software(Drafts& drafts, const Draft& node, const Tree& software) {
  if (software.is_null())
    return;
  if (!software.is_list()) {
    drafts.diagnostics().add(
        {.code = "wrong-type",
         .summary = fmt::format("'software' is a list, and this is {}", software.kind_name()),
         .where = software.where,
         .hint = "begin each item with '- '"});
    return;
  }
  std::set<std::string> all;
  for (const Tree& item : software.items)
    all.insert(item.is_mapping() ? item_name(item, drafts.registry()) : "");
  std::map<std::string, Span> taken;
  const Address address = node.resource.address;
  for (const Tree& item : software.items)
    declare_item(drafts, address, item, taken, all);
}

std::vector<Need> read_needs(Drafts& drafts, const Tree* tree, const Scope& scope,
                             const Address& node) {
  std::vector<Need> needs;
  if (tree == nullptr)
    return needs;
  const auto own_item = [&](const Tree& entry) {
    const Drafts::Names& items = drafts.in(node + ".software");
    return !node.empty() && entry.is_scalar() &&
           std::ranges::find(items, entry.text, &Drafts::Names::value_type::first) != items.end();
  };
  for (const Tree& entry : tree->is_list() ? tree->items : std::vector<Tree>{*tree}) {
    if (own_item(entry)) {
      drafts.diagnostics().add(
          {.code = "bad-path",
           .summary = fmt::format("{} is a name, and 'needs' lists paths", quoted(entry.text)),
           .where = entry.where,
           .hint = fmt::format("did you mean '{}'?", child_address("node.software", entry.text))});
      continue;
    }
    const Typing typing(scope, drafts.loader(), drafts.diagnostics());
    for (const Typing::Path& path : typing.paths(entry))
      needs.push_back({path.address, path.where});
  }
  return needs;
}

void read_common_keys(Drafts& drafts, Draft& draft) {
  const PlaceScope scope(drafts, draft.resource.node);
  const Typing typing(scope, drafts.loader(), drafts.diagnostics());
  Resource& resource = draft.resource;
  const auto written = [&](const char* key) -> const Tree* {
    const Tree::Entry* entry = draft.keys == nullptr ? nullptr : draft.keys->find(key);
    return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
  };
  resource.needs = read_needs(drafts, written("needs"), scope, resource.node);
  if (draft.subject == nullptr)  // Not a software item: no more keys in common.
    return;
  const PropertySchema timeout{
      .name = "timeout", .type = {.kind = Type::Kind::Time}, .least = Value(Duration(1))};
  if (const Tree* tree = written("timeout")) {
    if (const std::optional<Value> value = typing.read(*tree, timeout))
      resource.timeout = value->duration();
  }
  const Type retry{.kind = Type::Kind::Mapping,
                   .fields = {{.name = "times",
                               .type = {.kind = Type::Kind::Integer},
                               .required = true,
                               .least = Value(1),
                               .most = Value(1000)},
                              {.name = "backoff", .type = {.kind = Type::Kind::Time}}}};
  if (const Tree* tree = written("retry")) {
    const std::optional<Value> value = typing.read(*tree, retry);
    if (value && value->is_mapping()) {
      resource.attempts = static_cast<int>(value->find("times")->integer());
      if (const Value* backoff = value->find("backoff"))
        resource.backoff = backoff->duration();
    }
  }
}

}  // namespace encamp
