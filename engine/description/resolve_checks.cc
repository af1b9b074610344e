// `checks`: what must hold for a description to be a good one; and what no two items may share.
#include <functional>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "engine/description/resolver.h"

namespace encamp {
namespace {

void read_check(const Drafts& drafts, const Typing& typing, const Tree& check) {
  Diagnostics& diagnostics = drafts.diagnostics();
  if (!check.is_mapping()) {
    diagnostics.add(
        {.code = "wrong-type",
         .summary = fmt::format("a check is a mapping, and this is {}", check.kind_name()),
         .where = check.where,
         .hint = "write '- that: ${{ ... }}' and a 'message'"});
    return;
  }
  check_keys(check, {"that", "message"}, "a check", diagnostics);
  const Tree::Entry* that = check.find("that");
  if (that == nullptr || that->value.is_null()) {
    report_missing("that", "this check", check.where, diagnostics);
    return;
  }
  const std::optional<Value> holds = typing.read(that->value, Type{.kind = Type::Kind::Boolean});
  const Tree::Entry* written = check.find("message");
  std::optional<Value> message;
  if (written != nullptr && !written->value.is_null())
    message = typing.read(written->value, Type{.kind = Type::Kind::Text});
  if (!holds || holds->boolean())
    return;
  diagnostics.add({.code = "check-failed",
                   .summary = message && message->is_text() ? message->text()
                                                            : "what is checked here does not hold",
                   .where = that->value.where});
}

// No two items of a node are about the same; but several may install a package, and commands with
// names may have the same text.
bool is_alone(const Draft& item) {
  const std::string& component = item.schema->component;
  return component != "package" && (component != "command" || item.keys->find("name") == nullptr);
}

}  // namespace

void read_checks(Drafts& drafts, const Tree& section) {
  if (section.is_null())
    return;
  if (!section.is_list()) {
    drafts.diagnostics().add(
        {.code = "wrong-type",
         .summary = fmt::format("'checks' is a list, and this is {}", section.kind_name()),
         .where = section.where,
         .hint = "begin each check with '- '"});
    return;
  }
  const PlaceScope scope(drafts, Address());
  const Typing typing(scope, drafts.loader(), drafts.diagnostics());
  for (const Tree& check : section.items)
    read_check(drafts, typing, check);
}

// As they are written they differ; only their references make them the same, or a `name`.
void check_same_items(Drafts& drafts) {
  struct Item {
    std::string_view component, path;
    bool operator==(const Item&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Item& item) const {
      const std::hash<std::string_view> hash;
      return hash(item.path) * 31 + hash(item.component);
    }
  };
  std::unordered_map<Item, const Draft*, Hash> seen;  // Of one node, whose items stand together.
  const Address* node = nullptr;
  for (const std::unique_ptr<Draft>& draft : drafts.all()) {
    if (draft->subject == nullptr || draft->faulty || !is_alone(*draft))
      continue;
    const PropertySchema* subject = draft->schema->find_property(draft->schema->subject);
    if (subject == nullptr ||
        (subject->type.kind != Type::Kind::Path && subject->type.kind != Type::Kind::Text))
      continue;
    const auto path = draft->resource.properties.find(subject->name);
    if (path == draft->resource.properties.end() || !path->second.is_text())
      continue;
    if (node == nullptr || *node != draft->node)
      seen.clear();
    node = &draft->node;
    const auto [first, is_new] =
        seen.emplace(Item{draft->resource.component, path->second.text()}, draft.get());
    if (!is_new)
      drafts.diagnostics().add(
          {.code = "duplicate-name",
           .summary = fmt::format("two items of '{}' are about the same {}, {}",
                                  drafts.find(draft->node)->written_as, draft->resource.component,
                                  quoted(path->second.text())),
           .where = draft->subject->value.where,
           .hint = subject->type.kind == Type::Kind::Path
                       ? "make one of them, or give them different paths"
                       : "make one of them",
           .notes = {{"the other", first->second->subject->value.where}}});
  }
}

}  // namespace encamp
