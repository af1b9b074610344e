// What nodes have by default and what only they have: their image, their networks.
#include <algorithm>

#include <fmt/format.h>

#include "engine/description/drafts.h"
#include "engine/description/place_scope.h"
#include "engine/description/typing.h"

namespace encamp {

// A list of names, or a mapping of names to `{address: ...}`; the site's only network when nothing
// is written. In the properties it is always the mapping.
void Drafts::evaluate_networks(Draft& node) {
  const Type network{.kind = Type::Kind::Reference, .section = "networks"};
  const Type details{.kind = Type::Kind::Mapping,
                     .fields = {{.name = "address", .type = {.kind = Type::Kind::Ip}}}};
  const PlaceScope scope(*this, node);
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
      if (!all.empty() || lacks_.insert("network").second)
        report_missing("networks", fmt::format("'{}'", node.written_as), node.resource.where,
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
      const bool one_by_one = list->list().size() == written->items.size();
      for (std::size_t i = 0; i < list->list().size(); ++i)
        add(last_name(list->list()[i].reference()), Value::Mapping{},
            one_by_one ? written->items[i].where : written->where);
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
  if (images.empty() && !lacks_.insert("image").second)
    return;
  report_missing(schema.name, fmt::format("'{}'", node.written_as), node.resource.where,
                 diagnostics_,
                 images.empty() ? "give the site an image: 'images: {debian: {debian: bookworm}}'"
                                : "with several images in the site, each node says its own");
}

}  // namespace encamp
