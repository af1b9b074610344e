#include "engine/description/copies.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/description/drafts.h"
#include "engine/description/typing.h"

namespace encamp {
namespace {

const Tree* written(const Tree& keys, const char* key) {
  const Tree::Entry* entry = keys.find(key);
  return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
}

class CopyReader {
 public:
  CopyReader(Drafts& drafts, const Scope& scope) : drafts_(drafts), scope_(scope) {}

  std::vector<Copy> counted(const Tree& tree) const {
    const PropertySchema count{.name = "count",
                               .type = {.kind = Type::Kind::Integer},
                               .least = Value(0),
                               .most = Value(static_cast<std::int64_t>(drafts_.budget().copies()))};
    const std::optional<Value> number =
        Typing(scope_, drafts_.loader(), drafts_.diagnostics()).read(tree, count);
    std::vector<Copy> copies;
    for (int index = 1; number && index <= number->integer(); ++index)
      copies.push_back({.index = index, .key = {}, .value = {}, .where = tree.where});
    return copies;
  }

  std::vector<Copy> for_each(const Tree& tree) const {
    const std::optional<Value> value =
        Typing(scope_, drafts_.loader(), drafts_.diagnostics()).read(tree, Type{});
    std::vector<Copy> copies;
    if (!value)
      return copies;
    if (value->is_mapping()) {
      for (std::size_t i = 0; i < value->mapping().size(); ++i) {
        const Value::Entry& entry = value->mapping()[i];
        const Tree::Entry* source = tree.find(entry.key);
        add(copies, entry.key, entry.value, source == nullptr ? tree.where : source->where);
      }
    } else if (value->is_list()) {
      for (std::size_t i = 0; i < value->list().size(); ++i) {
        const Value& item = value->list()[i];
        const Span where = tree.is_list() && tree.items.size() == value->list().size()
                               ? tree.items[i].where
                               : tree.where;
        if (!item.is_null())
          add(copies, key_of(item, copies.size() + 1, where), item, where);
      }
    } else {
      report(value->is_pending() ? "not-known-yet" : "wrong-type",
             value->is_pending()
                 ? "what 'for_each' goes through must be known when the file is read"
                 : "'for_each' goes through a list or a mapping, and this is " + value->kind_name(),
             tree.where);
    }
    if (copies.size() > drafts_.budget().copies()) {
      report("out-of-range",
             fmt::format("'for_each' makes {} copies, and {} are the most", copies.size(),
                         drafts_.budget().copies()),
             tree.where);
      copies.clear();
    }
    return copies;
  }

 private:
  void report(std::string code, std::string summary, const Span& where) const {
    drafts_.diagnostics().add(
        {.code = std::move(code), .summary = std::move(summary), .where = where});
  }

  std::string key_of(const Value& item, std::size_t number, const Span& where) const {
    if (item.is_pending())
      report("not-known-yet", "the key of a copy must be known when the file is read", where);
    if (item.is_text())
      return item.text();
    if (!item.is_reference())
      return std::to_string(number);
    const Draft* draft = drafts_.find(item.reference());
    return draft != nullptr && !draft->copy.key.empty() ? draft->copy.key
                                                        : last_name(item.reference());
  }

  void add(std::vector<Copy>& copies, const std::string& key, const Value& value,
           const Span& where) const {
    const auto same = std::ranges::find(copies, key, &Copy::key);
    if (key.empty() || same != copies.end()) {
      drafts_.diagnostics().add(
          {.code = key.empty() ? "bad-name" : "duplicate-name",
           .summary = key.empty() ? "the key of a copy is empty"
                                  : fmt::format("two copies have the key {}", quoted(key)),
           .where = where,
           .hint = "the key of a copy makes its name, so each has its own"});
      return;
    }
    copies.push_back(
        {.index = static_cast<int>(copies.size()) + 1, .key = key, .value = value, .where = where});
  }

  Drafts& drafts_;
  const Scope& scope_;
};

}  // namespace

Copies read_copies(Drafts& drafts, const Tree& keys, const Scope& scope) {
  const Tree* count = written(keys, "count");
  const Tree* for_each = written(keys, "for_each");
  if (count == nullptr && for_each == nullptr)
    return {};
  if (count != nullptr && for_each != nullptr) {
    drafts.diagnostics().add({.code = "two-keys",
                              .summary = "copies are made by 'count' or 'for_each', not both",
                              .where = keys.find("for_each")->where,
                              .notes = {{"the other", keys.find("count")->where}}});
    return {.are_wanted = true, .all = {}};
  }
  const CopyReader reader(drafts, scope);
  Copies copies{.are_wanted = true, .all = {}};
  drafts.told_parameters(
      [&] { copies.all = count != nullptr ? reader.counted(*count) : reader.for_each(*for_each); });
  return copies;
}

}  // namespace encamp
