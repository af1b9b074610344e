#include <fmt/format.h>

#include "engine/description/resolver.h"

namespace encamp {
namespace {

bool is_resource_key(const std::string& key) {
  return key == "count" || key == "for_each" || key == "when";
}

/// The entry whose key says what the resource is; reports when there is not exactly one.
const Tree::Entry* find_component(const Tree::Entry& entry, const Drafts& drafts) {
  const std::vector<std::string> names = drafts.registry().names("resources");
  const Tree::Entry* found = nullptr;
  const Tree::Entry* odd = nullptr;
  for (const Tree::Entry& key : entry.value.entries) {
    const Component* component = drafts.registry().find(key.key);
    if (component != nullptr && component->schema().section == "resources") {
      if (found != nullptr) {
        drafts.diagnostics().add(
            {.code = "two-components",
             .summary = fmt::format("this resource is both '{}' and '{}'", found->key, key.key),
             .where = key.where,
             .hint = "make two resources of it",
             .notes = {{"the other", found->where}}});
        return nullptr;
      }
      found = &key;
    } else if (odd == nullptr && !key.key.starts_with("x-") && !is_resource_key(key.key)) {
      odd = &key;
    }
  }
  if (found != nullptr)
    return found;
  std::string hint = odd == nullptr ? "" : hint_for(odd->key, names);
  if (hint.empty() && !names.empty())
    hint = fmt::format("there are {}", fmt::join(names, ", "));
  drafts.diagnostics().add(
      {.code = odd == nullptr ? "no-component" : "unknown-component",
       .summary = odd == nullptr ? "this resource does not say what it is"
                                 : fmt::format("no component is named {}", quoted(odd->key)),
       .where = odd == nullptr ? entry.where : odd->where,
       .hint = std::move(hint)});
  return nullptr;
}

}  // namespace

void declare_resources(Drafts& drafts, const Tree& section, const Draft* node) {
  Diagnostics& diagnostics = drafts.diagnostics();
  const Address collection = node == nullptr ? "resources" : node->resource.address + ".resources";
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-") ||
        !check_name(entry.key, "a resource", entry.where, diagnostics) ||
        !check_mapping(entry.value, "a resource", diagnostics)) {
      drafts.break_name(collection, entry.key);
      continue;
    }
    const Tree::Entry* component = find_component(entry, drafts);
    if (component == nullptr || !check_mapping(component->value, component->key, diagnostics)) {
      drafts.break_name(collection, entry.key);
      continue;
    }
    const Schema& schema = drafts.registry().get(component->key).schema();
    Draft draft;
    draft.resource.component = schema.component;
    draft.resource.where = entry.where;
    draft.schema = &schema;
    draft.keys = &component->value;
    draft.node = node == nullptr ? Address() : node->resource.address;
    draft.written_as = child_address(collection, entry.key);
    draft.faulty = !check_keys(entry.value, {component->key, "count", "for_each", "when"},
                               "a resource", diagnostics);
    draft.faulty =
        !check_keys(component->value, writable_keys(schema), with_article(component->key), diagnostics) ||
        draft.faulty;
    const auto add = [&](Draft one, const std::string& name) {
      drafts.budget().spend(40);
      if (!drafts.is_wanted(one, entry.value)) {
        drafts.leave_out(collection, name);
        return;
      }
      one.resource.address = child_address(collection, name);
      drafts.add_name(collection, name, one.resource.address);
      if (one.copy.is_copy())
        drafts.add_name(one.written_as, name, one.resource.address, one.copy.key);
      drafts.add(std::move(one));
    };
    const Copies copies = read_copies(drafts, entry.value, PlaceScope(drafts, draft));
    if (!copies.are_wanted) {
      add(std::move(draft), entry.key);
      continue;
    }
    drafts.add_collection(draft.written_as);
    if (copies.is_wrong)
      drafts.break_collection(draft.written_as);
    for (const Copy& copy : copies.all) {
      Draft one = draft;
      one.copy = copy;
      const std::string name = entry.key + "-" + copy.suffix();
      const Span& where = copy.key.empty() ? entry.where : copy.where;
      if (!check_name(name, "a resource", where, diagnostics)) {
        drafts.break_name(collection, name);
        continue;
      }
      if (drafts.find(child_address(collection, name)) != nullptr) {
        diagnostics.add({.code = "duplicate-name",
                         .summary = fmt::format("there are two resources '{}'", name),
                         .where = where});
        continue;
      }
      add(std::move(one), name);
    }
  }
}

}  // namespace encamp
