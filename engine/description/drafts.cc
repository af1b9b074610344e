#include "engine/description/drafts.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace encamp {
namespace {

bool is_node(const Draft& draft) {
  return draft.schema->section == "nodes";
}

// `subnet: auto` says what leaving it out says.
bool is_auto(const Tree& tree, const Type& type) {
  return type.kind == Type::Kind::Subnet && tree.is_scalar() && tree.text == "auto";
}

}  // namespace

const Tree* Draft::written(const std::string& property) const {
  const Tree::Entry* entry = subject != nullptr && property == schema->subject ? subject
                             : keys != nullptr ? keys->find(property)
                                               : nullptr;
  return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
}

Draft& Drafts::add(Draft draft) {
  all_.push_back(std::make_unique<Draft>(std::move(draft)));
  Draft& added = *all_.back();
  [[maybe_unused]] const bool is_new = by_address_.emplace(added.resource.address, &added).second;
  assert(is_new);
  return added;
}

void Drafts::add_name(const Address& collection, const std::string& name, const Address& address) {
  collections_[collection].emplace_back(name, address);
}

Draft* Drafts::find(const Address& address) {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

const Drafts::Names& Drafts::in(const Address& collection) const {
  static const Names kNone;
  const auto found = collections_.find(collection);
  return found == collections_.end() ? kNone : found->second;
}

const Value* Drafts::property(Draft& draft, const std::string& name, const Span& where) {
  const PropertySchema* schema = draft.schema->find_property(name);
  if (schema == nullptr)
    return nullptr;
  if (draft.evaluating.contains(name)) {
    throw ExpressionError{
        {.code = "reference-cycle",
         .summary = fmt::format("'{}.{}' refers to itself", draft.resource.address, name),
         .where = where,
         .notes = {{"which is written here", draft.resource.place(name)}}}};
  }
  evaluate_property(draft, *schema);
  const auto found = draft.resource.properties.find(name);
  return found == draft.resource.properties.end() ? nullptr : &found->second;
}

void Drafts::complete(Draft& draft) {
  for (const PropertySchema& schema : draft.schema->properties)
    evaluate_property(draft, schema);
}

void Drafts::evaluate_property(Draft& draft, const PropertySchema& schema) {
  if (draft.evaluated.contains(schema.name) || draft.evaluating.contains(schema.name))
    return;
  draft.evaluating.insert(schema.name);
  const Tree* written = draft.written(schema.name);
  Properties& properties = draft.resource.properties;
  if (written != nullptr)
    draft.resource.places[schema.name] = written->where;
  if (is_node(draft) && schema.name == "networks") {
    evaluate_networks(draft);
  } else if (is_node(draft) && schema.name == "image" && written == nullptr) {
    evaluate_image(draft, schema);
  } else if (written != nullptr && !is_auto(*written, schema.type)) {
    const PlaceScope scope(*this, draft.resource.node);
    const Typing typing(scope, loader_, diagnostics_);
    if (std::optional<Value> value = typing.read(*written, schema))
      properties.emplace(schema.name, std::move(*value));
    else
      draft.faulty = true;
  } else if (schema.fallback) {
    properties.emplace(schema.name, *schema.fallback);
  } else if (schema.required && draft.keys != nullptr) {  // else it is no mapping, and reported
    report_missing(schema.name, fmt::format("'{}'", draft.resource.address), draft.resource.where,
                   diagnostics_);
    draft.faulty = true;
  }
  draft.evaluating.erase(schema.name);
  draft.evaluated.insert(schema.name);
}

// A list of names, or a mapping of names to `{address: ...}`; the site's only network when nothing
// is written. In the properties it is always the mapping.
void Drafts::evaluate_networks(Draft& node) {
  const Type network{.kind = Type::Kind::Reference, .section = "networks"};
  const Type details{.kind = Type::Kind::Mapping,
                     .fields = {{.name = "address", .type = {.kind = Type::Kind::Ip}}}};
  const PlaceScope scope(*this, node.resource.node);
  const Typing typing(scope, loader_, diagnostics_);
  const Tree* written = node.written("networks");
  Value::Mapping networks;
  const auto add = [&](const std::string& name, Value value, const Span& where) {
    if (std::ranges::find(networks, name, &Value::Entry::key) == networks.end()) {
      networks.push_back({name, std::move(value)});
      return;
    }
    node.faulty = true;
    diagnostics_.add({.code = "duplicate-name",
                      .summary = fmt::format("the network '{}' stands here a second time", name),
                      .where = where});
  };
  if (written == nullptr) {
    const Names& all = in("networks");
    if (all.size() == 1) {
      networks.push_back({all.front().first, Value::Mapping{}});
    } else {
      node.faulty = true;
      report_missing("networks", fmt::format("'{}'", node.resource.address), node.resource.where,
                     diagnostics_,
                     all.empty() ? "give the site a network: 'networks: {lan: {}}'"
                                 : "with several networks in the site, each node says its own");
    }
  } else if (written->is_mapping()) {
    for (const Tree::Entry& entry : written->entries) {
      if (entry.key.starts_with("x-"))
        continue;
      Tree name{.kind = Tree::Kind::Scalar, .text = entry.key, .where = entry.where};
      const bool known = typing.read(name, network).has_value();
      const std::optional<Value> value = typing.read(entry.value, details);
      if (known && value)
        add(entry.key, *value, entry.where);
      else
        node.faulty = true;
    }
  } else {
    const Type names{.kind = Type::Kind::List, .item = {network}, .or_one = true};
    const std::optional<Value> list = typing.read(*written, names);
    if (list) {
      for (const Value& item : list->list())
        add(last_name(item.reference()), Value::Mapping{}, written->where);
    } else {
      node.faulty = true;
    }
  }
  node.resource.properties.emplace("networks", std::move(networks));
}

void Drafts::evaluate_image(Draft& node, const PropertySchema& schema) {
  const Names& images = in("images");
  if (images.size() == 1) {
    node.resource.properties.emplace("image", Reference{images.front().second});
    return;
  }
  node.faulty = true;
  report_missing(schema.name, fmt::format("'{}'", node.resource.address), node.resource.where,
                 diagnostics_,
                 images.empty() ? "give the site an image: 'images: {debian: {debian: bookworm}}'"
                                : "with several images in the site, each node says its own");
}

}  // namespace encamp
