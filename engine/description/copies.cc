#include "engine/description/copies.h"

#include <memory>
#include <unordered_set>

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

  void counted(const Tree& tree, Copies& copies) const {
    const PropertySchema count{.name = "count",
                               .type = {.kind = Type::Kind::Integer},
                               .least = Value(0),
                               .most = Value(static_cast<std::int64_t>(drafts_.budget().copies()))};
    const std::optional<Value> number =
        Typing(scope_, drafts_.loader(), drafts_.diagnostics()).read(tree, count);
    copies.is_wrong = !number;
    for (int index = 1; number && index <= number->integer(); ++index)
      copies.all.push_back({.index = index, .key = {}, .value = {}, .where = tree.where});
  }

  void for_each(const Tree& tree, Copies& copies) {
    const std::optional<Value> value =
        Typing(scope_, drafts_.loader(), drafts_.diagnostics()).read(tree, Type{});
    copies.is_wrong = true;
    if (!value)
      return;
    is_wrong_ = false;
    const std::size_t size = value->is_mapping() ? value->mapping().size()
                             : value->is_list()  ? value->list().size()
                                                 : 0;
    if (size > drafts_.budget().copies()) {
      report("out-of-range",
             fmt::format("'for_each' makes {} copies, and {} are the most", size,
                         drafts_.budget().copies()),
             tree.where);
      return;
    }
    if (value->is_mapping()) {
      for (const Value::Entry& entry : value->mapping()) {
        const Tree::Entry* source = tree.find(entry.key);
        add(copies.all, entry.key, entry.value, source == nullptr ? tree.where : source->where);
      }
    } else if (value->is_list()) {
      for (std::size_t i = 0; i < size; ++i) {
        const Value& item = value->list()[i];
        const Span where =
            tree.is_list() && tree.items.size() == size ? tree.items[i].where : tree.where;
        if (!item.is_null() && has_key(item, where))
          add(copies.all, key_of(item, copies.all.size() + 1), item, where);
      }
    } else {
      report(value->is_pending() ? "not-known-yet" : "wrong-type",
             value->is_pending()
                 ? "what 'for_each' goes through must be known when the file is read"
                 : "'for_each' goes through a list or a mapping, and this is " + value->kind_name(),
             tree.where);
      return;
    }
    copies.is_wrong = is_wrong_;
  }

 private:
  void report(std::string code, std::string summary, const Span& where) const {
    drafts_.diagnostics().add(
        {.code = std::move(code), .summary = std::move(summary), .where = where});
  }

  bool has_key(const Value& item, const Span& where) {
    if (item.is_pending()) {
      is_wrong_ = true;
      report("not-known-yet", "the key of a copy must be known when the file is read", where);
    }
    return !item.is_pending();
  }

  std::string key_of(const Value& item, std::size_t number) const {
    if (item.is_text())
      return item.text();
    if (!item.is_reference())
      return std::to_string(number);
    const Draft* draft = drafts_.find(item.reference());
    return draft != nullptr && !draft->copy.key.empty() ? draft->copy.key
                                                        : last_name(item.reference());
  }

  void add(std::vector<Copy>& copies, const std::string& key, const Value& value,
           const Span& where) {
    if (key.empty() || !keys_.insert(key).second) {
      std::string summary = key.empty() ? "the key of a copy is empty"
                                        : fmt::format("two copies have the key {}", quoted(key));
      if (!drafts_.is_news(summary))  // Another 'for_each' has the same from the same parameter.
        return;
      drafts_.diagnostics().add({.code = key.empty() ? "bad-name" : "duplicate-name",
                                 .summary = std::move(summary),
                                 .where = where,
                                 .hint = "the key of a copy makes its name, so each has its own"});
      return;
    }
    copies.push_back(
        {.index = static_cast<int>(copies.size()) + 1, .key = key, .value = value, .where = where});
  }

  Drafts& drafts_;
  const Scope& scope_;
  bool is_wrong_ = false;                 ///< A key is missing, which is told.
  std::unordered_set<std::string> keys_;  ///< Of the copies so far.
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
    return {.are_wanted = true, .is_wrong = true, .all = {}};
  }
  CopyReader reader(drafts, scope);
  Copies copies{.are_wanted = true, .all = {}};
  std::vector<std::string> parameters = drafts.told_parameters([&] {
    count != nullptr ? reader.counted(*count, copies) : reader.for_each(*for_each, copies);
  });
  if (for_each != nullptr && !parameters.empty()) {
    const auto shared = std::make_shared<const std::vector<std::string>>(std::move(parameters));
    for (Copy& copy : copies.all)
      copy.parameters = shared;
  }
  return copies;
}

}  // namespace encamp
