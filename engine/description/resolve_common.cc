// Keys that resources have in common: needs, timeout, retry.
#include <algorithm>

#include <fmt/format.h>

#include "engine/description/resolver.h"

namespace encamp {

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
    for (const Typing::Path& path : typing.paths(entry)) {
      drafts.budget().spend(4);  // `needs: [nodes]` of each of many nodes is an edge for each pair.
      needs.push_back({path.address, path.where});
    }
  }
  return needs;
}

void read_common_keys(Drafts& drafts, Draft& draft) {
  const PlaceScope scope(drafts, draft);
  const Typing typing(scope, drafts.loader(), drafts.diagnostics());
  Resource& resource = draft.resource;
  const auto written = [&](const char* key) -> const Tree* {
    const Tree::Entry* entry = draft.keys == nullptr ? nullptr : draft.keys->find(key);
    return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
  };
  resource.needs = read_needs(drafts, written("needs"), scope, resource.node);
  if (draft.subject == nullptr)  // Not a software item: no more keys in common.
    return;
  static const PropertySchema kTimeout{
      .name = "timeout", .type = {.kind = Type::Kind::Time}, .least = Value(Duration(1))};
  if (const Tree* tree = written("timeout")) {
    if (const std::optional<Value> value = typing.read(*tree, kTimeout))
      resource.timeout = value->duration();
  }
  static const Type kRetry{.kind = Type::Kind::Mapping,
                           .fields = {{.name = "times",
                                       .type = {.kind = Type::Kind::Integer},
                                       .required = true,
                                       .least = Value(1),
                                       .most = Value(1000)},
                                      {.name = "backoff", .type = {.kind = Type::Kind::Time}}}};
  if (const Tree* tree = written("retry")) {
    const std::optional<Value> value = typing.read(*tree, kRetry);
    if (value && value->is_mapping()) {
      resource.attempts = static_cast<int>(value->find("times")->integer());
      if (const Value* backoff = value->find("backoff"))
        resource.backoff = backoff->duration();
    }
  }
}

}  // namespace encamp
