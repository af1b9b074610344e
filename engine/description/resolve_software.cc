#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "engine/description/item_name.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

const std::vector<std::string> kCommonKeys = {"name", "needs",  "timeout", "retry",
                                              "when", "before", "count",   "for_each"};

bool is_item_key(const std::string& key) {
  return std::ranges::find(kCommonKeys, key) != kCommonKeys.end();
}

void report_no_component(const Tree& item, const Drafts& drafts) {
  const std::vector<std::string> names = drafts.registry().names("software");
  const Tree::Entry* odd = nullptr;
  for (const Tree::Entry& entry : item.entries) {
    if (!is_item_key(entry.key) && !entry.key.starts_with("x-") &&
        (odd == nullptr || !nearest(entry.key, names).empty()))
      odd = &entry;
  }
  if (odd == nullptr) {
    drafts.diagnostics().add({.code = "no-component",
                              .summary = "this item does not say what it is",
                              .where = item.where,
                              .hint = fmt::format("there are {}", fmt::join(names, ", "))});
    return;
  }
  std::string hint = hint_for(odd->key, names);
  if (hint.empty())
    hint = fmt::format("there are {}", fmt::join(names, ", "));
  drafts.diagnostics().add({.code = "unknown-component",
                            .summary = fmt::format("no component is named {}", quoted(odd->key)),
                            .where = odd->where,
                            .hint = std::move(hint)});
}

/// The entry whose key is the item's component.
const Tree::Entry* find_component(const Tree& item, const Drafts& drafts) {
  const std::vector<const Tree::Entry*> candidates = component_entries(item, drafts.registry());
  if (candidates.empty()) {
    report_no_component(item, drafts);
    return nullptr;
  }
  if (const Tree::Entry* owner = component_entry(candidates, drafts.registry()))
    return owner;
  drafts.diagnostics().add({.code = "two-components",
                            .summary = fmt::format("this item is both '{}' and '{}'",
                                                   candidates[0]->key, candidates[1]->key),
                            .where = candidates[1]->where,
                            .hint = "make two items of it",
                            .notes = {{"the other", candidates[0]->where}}});
  return nullptr;
}

/// What an item says, whichever node it is of.
struct ItemText {
  const Tree* item;
  const Tree::Entry* component;
  const Schema* schema;
  std::string known_as;
  bool has_name;
  bool faulty;  ///< Something in it is reported already.
};

/// Reads the items of one list.
class SoftwareReader {
 public:
  SoftwareReader(const Drafts& drafts, const Tree& software)
      : drafts_(drafts), software_(software) {}

  /// Names of what is no item, which is reported; empty when it has none.
  const std::vector<std::string>& broken() const { return broken_; }

  std::vector<ItemText> run() {
    std::vector<ItemText> texts;
    for (const Tree& item : software_.items) {
      const Tree::Entry* component = check_item(item) ? find_component(item, drafts_) : nullptr;
      if (component == nullptr || !check_subject(item, *component) || !check_item_name(item)) {
        const Tree::Entry* name = item.find("name");
        broken_.push_back(name == nullptr ? "" : name->value.text);
        continue;
      }
      texts.push_back({.item = &item,
                       .component = component,
                       .schema = &drafts_.registry().get(component->key).schema(),
                       .known_as = item_name(item, drafts_.registry()),
                       .has_name = item.find("name") != nullptr,
                       .faulty = false});
      texts.back().faulty = !check_item_keys(texts.back());
    }
    check_before(texts);
    return texts;
  }

 private:
  bool check_item(const Tree& item) const {
    if (item.is_mapping())
      return true;
    drafts_.diagnostics().add(
        {.code = "wrong-type",
         .summary = fmt::format("a software item is a mapping, and this is {}", item.kind_name()),
         .where = item.where,
         .hint = item.is_scalar()
                     ? fmt::format("a package is written {}", quoted("package: " + item.text))
                     : ""});
    return false;
  }

  // An empty list is about nothing; with a name it may still mean something to its component.
  bool check_subject(const Tree& item, const Tree::Entry& component) const {
    const bool is_none = component.value.is_list() && component.value.items.empty();
    if (!component.value.is_null() && !component.value.is_mapping() &&
        (is_none ? item.find("name") != nullptr : !subject_text(component.value).empty()))
      return true;
    drafts_.diagnostics().add({.code = "missing-value",
                               .summary = fmt::format("'{}' does not say which", component.key),
                               .where = component.where});
    return false;
  }

  bool check_item_name(const Tree& item) const {
    const Tree::Entry* name = item.find("name");
    if (name == nullptr)
      return true;
    if (name->value.is_scalar())
      return check_name(name->value.text, "an item", name->value.where, drafts_.diagnostics());
    drafts_.diagnostics().add(
        {.code = "wrong-type",
         .summary = fmt::format("a name is text, and this is {}", name->value.kind_name()),
         .where = name->value.where});
    return false;
  }

  bool check_item_keys(const ItemText& text) const {
    std::vector<std::string> known = kCommonKeys;
    known.push_back(text.component->key);
    for (const PropertySchema& property : text.schema->properties) {
      if (!property.chosen && property.name != text.schema->subject)
        known.push_back(property.name);
    }
    return check_keys(*text.item, known, with_article(text.schema->component),
                      drafts_.diagnostics());
  }

  // Merging put the item in front of the one that `before` names, so that one comes only now.
  void check_before(const std::vector<ItemText>& texts) const {
    std::set<std::string> above;
    std::set<std::string> all;
    for (const Tree& item : software_.items)
      all.insert(item.is_mapping() ? item_name(item, drafts_.registry()) : "");
    for (const ItemText& text : texts) {
      const Tree::Entry* before = text.item->find("before");
      above.insert(text.known_as);
      if (before == nullptr || before->value.is_null())
        continue;
      const std::string& name = before->value.text;
      if (all.contains(name) && !above.contains(name))
        continue;
      drafts_.diagnostics().add(
          {.code = "unknown-name",
           .summary = fmt::format("no inherited item is known as {}", quoted(name)),
           .where = before->value.where,
           .hint = all.contains(name) ? "it is not inherited: write this item above it"
                                      : hint_for(name, {all.begin(), all.end()})});
    }
  }

  const Drafts& drafts_;
  const Tree& software_;
  std::vector<std::string> broken_;
};

/// Declares the items of one node.
class SoftwareDeclarer {
 public:
  SoftwareDeclarer(Drafts& drafts, const Draft& node)
      : drafts_(drafts), node_(node), collection_(node.resource.address + ".software") {}

  void declare(const ItemText& text) {
    drafts_.budget().spend(16);
    Draft draft = draft_of(text);
    const Copies copies = read_copies(drafts_, *text.item, PlaceScope(drafts_, draft));
    if (!copies.are_wanted) {
      draft.written_as = child_address(collection_, text.known_as);
      add(std::move(draft), text.known_as, text.has_name);
      return;
    }
    if (!take(text.known_as, *text.item, *text.component))
      return;
    draft.written_as = child_address(collection_, text.known_as);
    drafts_.add_collection(draft.written_as);
    if (copies.is_wrong)
      drafts_.break_collection(draft.written_as);
    for (const Copy& copy : copies.all) {
      drafts_.budget().spend(40);
      Draft one = draft;
      one.copy = copy;
      const std::string name =
          text.has_name ? text.known_as + "-" + copy.suffix() : copy_name(one, text.known_as);
      if (text.has_name && !check_name(name, "an item", copy.where, drafts_.diagnostics())) {
        drafts_.break_name(collection_, name);
        continue;
      }
      add(std::move(one), name, text.has_name);
    }
  }

 private:
  Draft draft_of(const ItemText& text) const {
    Draft draft;
    draft.resource.component = text.schema->component;
    draft.resource.node = node_.resource.address;
    draft.resource.where = text.component->where;
    draft.node = node_.resource.address;
    draft.schema = text.schema;
    draft.subject = text.component;
    draft.keys = text.item;
    draft.faulty = text.faulty;
    return draft;
  }

  // Without a name a copy is known by what it is about; while that is not known, by its key.
  std::string copy_name(const Draft& copy, const std::string& known_as) const {
    Diagnostics ignored;  // Told when the property is evaluated.
    const PlaceScope scope(drafts_, copy);
    const std::optional<Value> subject =
        Typing(scope, drafts_.loader(), ignored)
            .read(copy.subject->value, copy.schema->find_property(copy.schema->subject)->type);
    std::vector<std::string> texts;
    if (subject && subject->is_known()) {
      for (const Value& text : subject->is_list() ? subject->list() : Value::List{*subject})
        texts.push_back(text.is_text() ? text.text() : to_display(text));
      return item_name(copy.schema->component, fmt::format("{}", fmt::join(texts, ", ")));
    }
    return fmt::format("{} ({})", known_as, copy.copy.suffix());
  }

  bool take(const std::string& known_as, const Tree& item, const Tree::Entry& component) {
    const Tree::Entry* name = item.find("name");
    const Span& where = name != nullptr ? name->value.where : component.value.where;
    const auto [first, is_new] = taken_.emplace(known_as, where);
    if (is_new)
      return true;
    if (first->second.file == where.file && first->second.line == where.line &&
        first->second.column == where.column) {  // Copies of one item.
      if (told_.insert(known_as).second)
        drafts_.diagnostics().add({.code = "duplicate-name",
                                   .summary = fmt::format("the copies of this item are all known "
                                                          "as '{}'",
                                                          known_as),
                                   .where = where,
                                   .hint = "give it a 'name', or say by 'each.key' or 'index' "
                                           "what each is about"});
      return false;
    }
    drafts_.diagnostics().add({.code = "duplicate-name",
                               .summary = fmt::format("another item of '{}' is known as '{}'",
                                                      node_.written_as, known_as),
                               .where = where,
                               .hint = "give one of them a 'name'",
                               .notes = {{"the other", first->second}}});
    return false;
  }

  void add(Draft draft, std::string known_as, bool has_name) {
    const std::size_t size = known_as.size();
    // Several items may install the same packages; each is a resource of its own.
    if (!has_name && draft.schema->component == "package") {
      const std::string base = known_as;
      for (int number = 2; taken_.contains(known_as); ++number)
        known_as = fmt::format("{} ({})", base, number);
    }
    if (!take(known_as, *draft.keys, *draft.subject))
      return;
    // One that is no copy is written as what it is.
    draft.resource.address = known_as.size() == size && !draft.copy.is_copy()
                                 ? draft.written_as
                                 : child_address(collection_, known_as);
    if (!drafts_.is_wanted(draft)) {
      drafts_.leave_out(collection_, known_as);
      return;
    }
    drafts_.add_name(collection_, known_as, draft.resource.address);
    if (draft.copy.is_copy())
      drafts_.add_name(draft.written_as, known_as, draft.resource.address, draft.copy.key);
    drafts_.add(std::move(draft));
  }

  Drafts& drafts_;
  const Draft& node_;
  const Address collection_;
  std::map<std::string, Span> taken_;  ///< Of those that were declared already.
  std::set<std::string> told_;         ///< Names that all copies of an item have.
};

}  // namespace

void declare_software(Drafts& drafts, const std::vector<Draft*>& copies, const Tree& software) {
  if (software.is_null())
    return;
  if (!software.is_list()) {
    drafts.diagnostics().add(
        {.code = "wrong-type",
         .summary = fmt::format("'software' is a list, and this is {}", software.kind_name()),
         .where = software.where,
         .hint = "begin each item with '- '"});
    return;
  }
  SoftwareReader reader(drafts, software);
  const std::vector<ItemText> texts = reader.run();
  for (const Draft* node : copies) {
    for (const std::string& name : reader.broken()) {
      const Address collection = node->resource.address + ".software";
      name.empty() ? drafts.break_collection(collection) : drafts.break_name(collection, name);
    }
    drafts.budget().spend(software.items.size());
    SoftwareDeclarer declarer(drafts, *node);
    for (const ItemText& text : texts)
      declarer.declare(text);
  }
}

}  // namespace encamp
