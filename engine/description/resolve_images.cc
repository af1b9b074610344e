// Images. One may extend another of the site, and has `software`: packages that say nothing else
// are as if written in `packages`, other items become a list in the property `software` of the
// image.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "engine/description/item_name.h"
#include "engine/description/merge.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

class ImageDeclarer {
 public:
  ImageDeclarer(Drafts& drafts, const Schema& schema, const Tree& section)
      : drafts_(drafts), schema_(schema), section_(section) {}

  void declare(const Tree::Entry& entry) {
    Draft draft = section_draft(drafts_, schema_, entry, "images");
    if (draft.keys != nullptr) {
      std::vector<Step> way;
      is_whole_ = true;
      Tree keys = merged_keys(entry.key, entry.value, way);
      draft.is_whole = is_whole_;
      sort_software(keys);
      draft.owned = std::make_shared<const Tree>(std::move(keys));
      draft.keys = draft.owned.get();
      std::vector<std::string> known = writable_keys(schema_);
      known.emplace_back("software");
      draft.faulty =
          !check_keys(*draft.keys, known, "an image", drafts_.diagnostics()) || draft.faulty;
      known.emplace_back("extends");
      draft.faulty = !check_base(entry, *draft.keys, known) || draft.faulty;
    }
    drafts_.add_name("images", entry.key, draft.resource.address);
    Draft& added = drafts_.add(std::move(draft));
    const Tree::Entry* software = added.keys == nullptr ? nullptr : added.keys->find("software");
    if (software != nullptr)
      declare_software(drafts_, {&added}, software->value);
  }

 private:
  using Step = std::pair<std::string, const Tree*>;  ///< An image, and what it says in `extends`.

  // `way` are the images that lead here, against cycles.
  Tree merged_keys(const std::string& image, const Tree& own, std::vector<Step>& way) {
    Tree keys = own;
    std::erase_if(keys.entries, [](const Tree::Entry& key) { return key.key == "extends"; });
    const Tree::Entry* extends = own.find("extends");
    if (extends == nullptr || extends->value.is_null())
      return keys;
    const Tree& name = extends->value;
    const Tree::Entry* base = name.is_scalar() ? section_.find(name.text) : nullptr;
    way.emplace_back(image, &name);
    const auto again = std::ranges::find(way, name.text, &Step::first);
    if (base != nullptr && again == way.end())
      return merged(merged_keys(name.text, base->value, way), keys, drafts_.registry());
    is_whole_ = false;
    if (!name.is_scalar())
      report("wrong-type",
             fmt::format("'extends' is the name of an image, and this is {}", name.kind_name()),
             name.where);
    else if (base == nullptr)
      report_unknown(name);
    else
      report_cycle(again, way.end());
    return keys;
  }

  void report_unknown(const Tree& name) const {
    std::vector<std::string> names;
    for (const Tree::Entry& image : section_.entries)
      names.push_back(image.key);
    drafts_.diagnostics().add({.code = "unknown-image",
                               .summary = fmt::format("no image is named {}", quoted(name.text)),
                               .where = name.where,
                               .hint = hint_for(name.text, names)});
  }

  // Once for all images that lead into it.
  void report_cycle(std::vector<Step>::const_iterator from, std::vector<Step>::const_iterator to) {
    if (std::any_of(from, to, [&](const Step& step) { return in_cycles_.contains(step.first); }))
      return;
    Diagnostic diagnostic{
        .code = "reference-cycle",
        .summary = fmt::format("the image '{}' extends itself in the end", from->first),
        .where = from->second->where,
        .hint = "take one of these out"};
    for (auto step = from; step != to; ++step) {
      in_cycles_.insert(step->first);
      diagnostic.notes.push_back(
          {fmt::format("'{}' extends '{}'", step->first, step->second->text), step->second->where});
    }
    drafts_.diagnostics().add(std::move(diagnostic));
  }

  // Whether it says once what it starts from: a release, a file or another image.
  bool check_base(const Tree::Entry& image, const Tree& keys,
                  const std::vector<std::string>& known) const {
    const Tree::Entry* file = written(keys, "file");
    const Tree::Entry* digest = written(keys, "sha256");
    const Span& where = image.where;
    if (const Tree::Entry* own = written(image.value, "file"); own != nullptr) {
      if (const Tree::Entry* extends = written(image.value, "extends"))
        return report_two(*own, *extends);
    }
    for (const char* other : {"debian", "architecture", "mirror"}) {
      const Tree::Entry* entry = written(keys, other);
      if (file == nullptr || entry == nullptr)
        continue;
      const bool is_file_here = written(image.value, "file") != nullptr;
      return is_file_here ? report_two(*file, *entry) : report_two(*entry, *file);
    }
    const std::string name = fmt::format("'{}'", child_address("images", image.key));
    for (const char* key : {"debian", "file", "sha256", "extends"}) {
      if (has_misspelt(keys, key, known))
        return false;
    }
    if (file == nullptr && digest != nullptr) {
      report_missing("file", name, where, drafts_.diagnostics());
      return false;
    }
    if (file != nullptr && digest == nullptr) {
      report_missing("sha256", name, file->where, drafts_.diagnostics(),
                     fmt::format("what 'sha256sum {}' prints", file->value.text));
      return false;
    }
    if (file == nullptr && is_whole_ && written(keys, "debian") == nullptr) {
      report_missing("debian", name, where, drafts_.diagnostics(),
                     "a release, or a 'file' with its 'sha256'");
      return false;
    }
    return true;
  }

  static const Tree::Entry* written(const Tree& keys, const std::string& key) {
    const Tree::Entry* entry = keys.find(key);
    return entry == nullptr || entry->value.is_null() ? nullptr : entry;
  }

  bool report_two(const Tree::Entry& entry, const Tree::Entry& other) const {
    drafts_.diagnostics().add(
        {.code = "two-keys",
         .summary = fmt::format("an image has '{}' or '{}', not both", other.key, entry.key),
         .where = entry.where,
         .notes = {{"the other", other.where}}});
    return false;
  }

  // Leaves in `software` what is no package alone.
  void sort_software(Tree& keys) const {
    const auto software = std::ranges::find(keys.entries, "software", &Tree::Entry::key);
    if (software == keys.entries.end() || !software->value.is_list())
      return;
    std::vector<Tree> packages;
    std::vector<Tree> others;
    for (const Tree& item : software->value.items)
      sort_item(item, packages, others);
    const Tree::Entry where = *software;
    software->value.items = std::move(others);
    if (packages.empty())
      return;
    auto written = std::ranges::find(keys.entries, "packages", &Tree::Entry::key);
    if (written == keys.entries.end()) {
      keys.entries.push_back({"packages", where.where, Tree{.kind = Tree::Kind::List}});
      written = std::prev(keys.entries.end());
      written->value.where = where.value.where;
    }
    if (written->value.is_scalar()) {
      const Tree one = written->value;
      written->value = Tree{.kind = Tree::Kind::List, .items = {one}, .where = one.where};
    }
    written->value.items.insert(written->value.items.end(), packages.begin(), packages.end());
  }

  void sort_item(const Tree& item, std::vector<Tree>& packages, std::vector<Tree>& others) const {
    const Tree::Entry* component =
        component_entry(component_entries(item, drafts_.registry()), drafts_.registry());
    if (component != nullptr && component->key == "service") {
      report("wrong-type", "a service is no part of an image", component->where);
    } else if (component == nullptr || component->key != "package" || item.entries.size() != 1) {
      others.push_back(item);
      const auto needs = std::ranges::find(others.back().entries, "needs", &Tree::Entry::key);
      if (needs == others.back().entries.end())
        return;
      drafts_.diagnostics().add({.code = "unknown-key",
                                 .summary = "an item of an image has no 'needs'",
                                 .where = needs->where,
                                 .hint = "the items are realized in the order written"});
      others.back().entries.erase(needs);
    } else if (component->value.is_list()) {
      packages.insert(packages.end(), component->value.items.begin(), component->value.items.end());
    } else {
      packages.push_back(component->value);
    }
  }

  void report(std::string code, std::string summary, const Span& where) const {
    drafts_.diagnostics().add(
        {.code = std::move(code), .summary = std::move(summary), .where = where});
  }

  Drafts& drafts_;
  const Schema& schema_;
  const Tree& section_;
  bool is_whole_ = true;             ///< Of the image at hand: all that it extends is there.
  std::set<std::string> in_cycles_;  ///< Images whose cycle is told already.
};

// Reports what an image cannot have: it is the same for all sites, and built before any runs.
bool check_item_values(const Resource& item, Diagnostics& diagnostics) {
  bool fine = true;
  for (const auto& [name, value] : item.properties) {
    const bool is_secret =
        find_secret(value) != nullptr || (name == "secret" && value == Value(true));
    if (value.is_known() && !is_secret)
      continue;
    fine = false;
    if (is_secret)
      diagnostics.add({.code = "secret-output",
                       .summary = "an image is shared by all sites, and this is secret",
                       .where = item.place(name),
                       .hint = "write the item in the nodes"});
    else
      diagnostics.add({.code = "not-known-yet",
                       .summary = "what is built into an image must be known when the file is read",
                       .where = item.place(name),
                       .hint = "write the item in the nodes"});
  }
  return fine;
}

Value to_value(const Resource& item) {
  Value::Mapping properties;
  for (const auto& [name, value] : item.properties)
    properties.push_back({name, value});
  Value::Mapping mapping{{"name", std::string(last_name(item.address))},
                         {"component", item.component},
                         {"properties", std::move(properties)}};
  if (item.timeout)
    mapping.push_back({"timeout", item.timeout->count()});
  if (item.attempts > 1)
    mapping.push_back({"attempts", item.attempts});
  if (item.backoff.count() > 0)
    mapping.push_back({"backoff", item.backoff.count()});
  return mapping;
}

}  // namespace

bool is_of_an_image(const Draft& draft) {
  return draft.schema->section == "software" && draft.node.starts_with("images");
}

void fold_images(Drafts& drafts) {
  std::map<Address, Value::List> software;
  for (const std::unique_ptr<Draft>& draft : drafts.all()) {
    if (draft->schema->section == "images" && !draft->faulty)
      check_item_values(draft->resource, drafts.diagnostics());
    if (is_of_an_image(*draft) && !draft->faulty &&
        check_item_values(draft->resource, drafts.diagnostics()))
      software[draft->node].push_back(to_value(draft->resource));
  }
  for (auto& [image, items] : software)
    drafts.find(image)->resource.properties["software"] = std::move(items);
}

void declare_images(Drafts& drafts, const Tree& section) {
  const Component* component = section_component(drafts, section, "image");
  if (component == nullptr)
    return;
  ImageDeclarer declarer(drafts, component->schema(), section);
  for (const Tree::Entry& entry : section.entries) {
    if (!entry.key.starts_with("x-"))
      declarer.declare(entry);
  }
}

}  // namespace encamp
