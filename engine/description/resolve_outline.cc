// What `encamp show` prints beside the resources: parameters, prototypes, what nodes extend.
#include <set>

#include "engine/description/resolver.h"

namespace encamp {
namespace {

std::vector<std::string> names_in(const Tree* extends) {
  std::vector<std::string> names;
  if (extends == nullptr)
    return names;
  if (extends->is_scalar())
    names.push_back(extends->text);
  for (const Tree& name : extends->items)
    names.push_back(name.text);
  return names;
}

Outline::Node outline_of(const Drafts& drafts, const Draft& node) {
  Outline::Node outline{.extends = node.extended->parents, .attributes = {}};
  for (const Declaration& declaration : node.attributes) {
    const auto value = node.attribute_values.find(declaration.schema.name);
    if (value == node.attribute_values.end())
      continue;
    const auto origin =
        drafts.outline->origins.find({node.resource.address, declaration.schema.name});
    outline.attributes.push_back(
        {.name = declaration.schema.name,
         .type = declaration.type,
         .value = value->second,
         .origin = origin == drafts.outline->origins.end() ? Origin() : origin->second});
  }
  return outline;
}

}  // namespace

void outline_nodes(Drafts& drafts) {
  Outline& outline = *drafts.outline;
  drafts.outline_parameters();
  std::set<std::string> used;
  for (const std::unique_ptr<Draft>& draft : drafts.all()) {
    if (draft->extended != nullptr) {
      outline.nodes[draft->resource.address] = outline_of(drafts, *draft);
      for (const auto& [name, step] : draft->extended->prototypes)
        used.insert(name);
    }
    // A copy is known by what it is about, and `each` means nothing without the others.
    if (draft->subject != nullptr && !draft->copy.is_copy() && draft->subject->value.is_scalar() &&
        draft->subject->value.text.find("${{") != std::string::npos)
      outline.subjects[draft->resource.address] = draft->subject->value.text;
  }
  for (const std::string& name : drafts.prototypes->names()) {
    const Tree* definition = drafts.prototypes->find(name);
    if (!used.contains(name) || definition == nullptr)
      continue;
    Outline::Prototype prototype{.name = name, .extends = {}, .attributes = {}};
    const Tree::Entry* extends = definition->find("extends");
    prototype.extends = names_in(extends == nullptr ? nullptr : &extends->value);
    if (const Tree::Entry* attributes = definition->find("attributes")) {
      for (const Tree::Entry& attribute : attributes->value.entries) {
        const Tree::Entry* type = attribute.value.find("type");
        if (type != nullptr)
          prototype.attributes.emplace_back(attribute.key, type->value.text);
      }
    }
    outline.prototypes.push_back(std::move(prototype));
  }
}

}  // namespace encamp
