#include <fmt/format.h>

#include "engine/description/resolver.h"

namespace encamp {
namespace {

const std::vector<std::string> kLaterKeys = {"for_each", "count", "when"};

std::vector<std::string> component_names(const Registry& registry) {
  std::vector<std::string> names;
  for (const Component* component : registry.all("resources"))
    names.push_back(component->schema().component);
  return names;
}

/// The entry whose key says what the resource is; reports when there is not exactly one.
const Tree::Entry* find_component(const Tree::Entry& entry, const Drafts& drafts) {
  const std::vector<std::string> names = component_names(drafts.registry());
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
    } else if (odd == nullptr && !key.key.starts_with("x-")) {
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

void declare_site_resources(Drafts& drafts, const Tree& section) {
  Diagnostics& diagnostics = drafts.diagnostics();
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-") ||
        !check_name(entry.key, "a resource", entry.where, diagnostics) ||
        !check_mapping(entry.value, "a resource", diagnostics))
      continue;
    const Tree::Entry* component = find_component(entry, drafts);
    if (component == nullptr || !check_mapping(component->value, component->key, diagnostics))
      continue;
    const Schema& schema = drafts.registry().get(component->key).schema();
    std::vector<std::string> known;
    for (const PropertySchema& property : schema.properties) {
      if (!property.chosen)
        known.push_back(property.name);
    }
    Draft draft;
    draft.resource.address = child_address("resources", entry.key);
    draft.resource.component = schema.component;
    draft.resource.where = entry.where;
    draft.schema = &schema;
    draft.keys = &component->value;
    draft.faulty =
        !check_keys(entry.value, {component->key}, kLaterKeys, "a resource", diagnostics);
    draft.faulty = !check_keys(component->value, known, {}, "a " + component->key, diagnostics) ||
                   draft.faulty;
    drafts.add_name("resources", entry.key, draft.resource.address);
    drafts.add(std::move(draft));
  }
}

}  // namespace encamp
