// Sections whose entries are resources of one component each, called like it: networks, volumes.
#include <fmt/format.h>

#include "engine/description/resolver.h"

namespace encamp {

std::vector<std::string> writable_keys(const Schema& schema) {
  std::vector<std::string> names;
  for (const PropertySchema& property : schema.properties) {
    if (!property.chosen)
      names.push_back(property.name);
  }
  return names;
}

const Component* section_component(const Drafts& drafts, const Tree& section,
                                   const std::string& name) {
  const Component* component = drafts.registry().find(name);
  if (component == nullptr && !section.entries.empty())
    drafts.diagnostics().add({.code = "unknown-component",
                              .summary = fmt::format("the component '{}' is not installed", name),
                              .where = section.entries.front().where});
  return component;
}

Draft section_draft(const Drafts& drafts, const Schema& schema, const Tree::Entry& entry,
                    const std::string& section) {
  const std::string kind =
      fmt::format("{} {}", schema.component == "image" ? "an" : "a", schema.component);
  Draft draft;
  draft.faulty = section == "images"
                     ? !check_name(entry.key, kind, entry.where, drafts.diagnostics())
                     : !check_label(entry.key, kind, entry.where, drafts.diagnostics());
  draft.resource.address = child_address(section, entry.key);
  draft.resource.component = schema.component;
  draft.resource.where = entry.where;
  draft.schema = &schema;
  if (check_mapping(entry.value, kind, drafts.diagnostics()))
    draft.keys = &entry.value;
  else
    draft.faulty = true;
  return draft;
}

void declare_networks(Drafts& drafts, const Tree& section) {
  const Component* component = section_component(drafts, section, "network");
  if (component == nullptr)
    return;
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-"))
      continue;
    Draft draft = section_draft(drafts, component->schema(), entry, "networks");
    if (draft.keys != nullptr)
      draft.faulty = !check_keys(entry.value, writable_keys(component->schema()), "a network",
                                 drafts.diagnostics()) ||
                     draft.faulty;
    drafts.add_name("networks", entry.key, draft.resource.address);
    drafts.add(std::move(draft));
  }
}

void declare_volumes(Drafts& drafts, const Tree& section) {
  const Component* component = section_component(drafts, section, "volume");
  if (component == nullptr)
    return;
  Diagnostics& diagnostics = drafts.diagnostics();
  std::vector<std::string> known = writable_keys(component->schema());
  for (const char* key : {"count", "for_each", "when"})
    known.emplace_back(key);
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-"))
      continue;
    Draft draft = section_draft(drafts, component->schema(), entry, "volumes");
    draft.written_as = draft.resource.address;
    if (draft.keys != nullptr)
      draft.faulty = !check_keys(entry.value, known, "a volume", diagnostics) || draft.faulty;
    const auto add = [&](Draft one, const std::string& name) {
      drafts.budget().spend(40);
      one.resource.address = child_address("volumes", name);
      if (drafts.find(one.resource.address) != nullptr) {
        diagnostics.add({.code = "duplicate-name",
                         .summary = fmt::format("there are two volumes '{}'", name),
                         .where = one.resource.where});
        return;
      }
      if (!drafts.is_wanted(one)) {
        drafts.leave_out("volumes", name);
        return;
      }
      drafts.add_name("volumes", name, one.resource.address);
      if (one.copy.is_copy())
        drafts.add_name(one.written_as, name, one.resource.address, one.copy.key);
      drafts.add(std::move(one));
    };
    const Copies copies = draft.keys == nullptr
                              ? Copies()
                              : read_copies(drafts, *draft.keys, PlaceScope(drafts, draft));
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
      if (check_label(name, "a volume", copy.key.empty() ? entry.where : copy.where, diagnostics))
        add(std::move(one), name);
      else
        drafts.break_name("volumes", name);
    }
  }
}

}  // namespace encamp
