// Properties that name other items of a node, `restarts_with: [/etc/x.conf, /etc/y/, setup]`.
#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "engine/description/drafts.h"
#include "engine/description/item_name.h"
#include "engine/description/place_scope.h"
#include "engine/description/typing.h"

namespace encamp {
namespace {

/// What a file or directory item is about, kept by the item; empty for other items.
std::string_view path_of(Drafts& drafts, Draft& item) {
  const PropertySchema* subject = item.schema->find_property(item.schema->subject);
  if (subject == nullptr || subject->type.kind != Type::Kind::Path)
    return {};
  const Value* path = drafts.property(item, subject->name, {});
  return path != nullptr && path->is_text() ? std::string_view(path->text()) : "";
}

bool is_left_out_item(const Drafts& drafts, const Address& node, const std::string& name) {
  const Address collection = node + ".software";
  return drafts.is_left_out(child_address(collection, name)) ||
         std::ranges::any_of(
             drafts.registry().names("software"), [&](const std::string& component) {
               return drafts.is_left_out(child_address(collection, item_name(component, name)));
             });
}

bool is_meant(const std::string& name, const std::string& known_as, const Draft& item,
              std::string_view path) {
  if (name == known_as || (!path.empty() && name == path) ||
      (item.copy.is_copy() && name == last_name(item.written_as)))
    return true;
  if (!name.ends_with('/'))
    return false;
  const bool is_in_it =
      path.starts_with(name) || std::string_view(name).substr(0, name.size() - 1) == path;
  // A directory without a digest is not among the files of a directory.
  return is_in_it && item.find_attribute("digest") != nullptr;
}

}  // namespace

void Drafts::evaluate_items(Draft& item, const PropertySchema& schema, const Tree& written) {
  const Address& node = item.resource.node;
  const PlaceScope scope(*this, item);
  const Typing typing(scope, loader_, diagnostics_);
  const auto refuse = [&](const Tree& name, std::string code, std::string summary,
                          std::string hint) {
    item.faulty = true;
    diagnostics_.add({.code = std::move(code),
                      .summary = std::move(summary),
                      .where = name.where,
                      .hint = std::move(hint)});
  };
  struct Other {
    const std::string& known_as;
    const Address& address;
    Draft& draft;
    std::string_view path;
    bool is_above;
  };
  std::vector<Other> others;
  bool is_above = true;
  for (const auto& [known_as, address] : in(node + ".software")) {
    Draft& other = *find(address);
    if (&other == &item)
      is_above = false;
    else
      others.push_back({known_as, address, other, path_of(*this, other), is_above});
  }
  Value::List found;
  const std::span<const Tree> names =
      written.is_list() ? std::span(written.items) : std::span(&written, 1);
  for (const Tree& name : names) {
    const std::optional<Value> text = typing.read(name, Type{.kind = Type::Kind::Text});
    if (!text || !text->is_text()) {
      if (text)
        refuse(name, "not-known-yet", "which item this is must be known when the file is read", "");
      item.faulty = true;
      continue;
    }
    bool is_any = false;
    bool is_below = false;
    for (const Other& other : others) {
      if (!is_meant(text->text(), other.known_as, other.draft, other.path))
        continue;
      if (!other.is_above) {
        is_below = true;
        continue;
      }
      is_any = true;
      if (other.draft.find_attribute("digest") == nullptr)
        refuse(
            name, "wrong-type",
            fmt::format(
                "a file or a command is wanted, and this is a {}{}", other.draft.resource.component,
                other.draft.schema->find_attribute("digest") == nullptr ? "" : " without a source"),
            "only what has a digest can be seen to change");
      else if (std::ranges::find(found, Value(Reference{other.address})) == found.end())
        found.emplace_back(Reference{other.address});
    }
    if (!is_any && is_left_out_item(*this, node, text->text()))
      continue;
    item.faulty = item.faulty || !is_any;
    if (is_any || (!is_below && is_broken(node + ".software", text->text())))
      continue;
    std::vector<std::string> known;
    for (const Other& other : others) {
      if (other.is_above)
        known.emplace_back(other.path.empty() ? other.known_as : other.path);
    }
    refuse(name, "unknown-name", fmt::format("no item above this one is {}", quoted(text->text())),
           is_below ? "it is below, and only items above count" : hint_for(text->text(), known));
  }
  item.resource.properties.emplace(schema.name, std::move(found));
}

}  // namespace encamp
