#include "engine/description/resolve.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/expression.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

const std::vector<std::string> kSections = {"encamp", "site",  "about", "domain", "networks",
                                            "images", "nodes", "tests", "outputs"};
const std::vector<std::string> kLaterSections = {"include",   "parameters", "prototypes",
                                                 "resources", "volumes",    "checks"};
// Keys of the language that no component's schema has yet.
const std::vector<std::string> kLaterKeys = {"extends", "count",  "for_each", "when",
                                             "disks",   "mounts", "tests",    "resources",
                                             "host",    "file",   "sha256",   "software"};

class Resolver {
 public:
  Resolver(const Tree& tree, const Registry& registry, const Loader& loader,
           const ResolveOptions& options, Diagnostics& diagnostics)
      : tree_(tree),
        options_(options),
        diagnostics_(diagnostics),
        drafts_(registry, loader, diagnostics) {}

  Site run() {
    check_keys(tree_, kSections, kLaterSections, "a description", diagnostics_);
    read_head();
    declare("networks", "network");
    declare("images", "image");
    declare("nodes", "node");
    const Tree& tests = section("tests");
    declare_tests(drafts_, tests);
    for (const std::unique_ptr<Draft>& draft : drafts_.all())
      complete(*draft);
    site_.tests = read_tests(drafts_, tests);
    site_.outputs = read_outputs(drafts_, section("outputs"));
    for (const std::unique_ptr<Draft>& draft : drafts_.all())
      site_.resources.push_back(std::move(draft->resource));
    return std::move(site_);
  }

 private:
  /// A section of the file; an empty mapping when it is missing or none.
  const Tree& section(const std::string& name) {
    static const Tree kEmpty{.kind = Tree::Kind::Mapping};
    const Tree::Entry* entry = tree_.find(name);
    if (entry == nullptr || entry->value.is_null() ||
        !check_mapping(entry->value, fmt::format("'{}'", name), diagnostics_))
      return kEmpty;
    return entry->value;
  }

  void read_head() {
    const Tree::Entry* version = tree_.find("encamp");
    const Span top = tree_.entries.empty() ? tree_.where : tree_.entries.front().where;
    if (version == nullptr)
      report_missing("encamp", "this file", top, diagnostics_, "begin it with 'encamp: 1'");
    else if (!version->value.is_scalar() || version->value.text != "1")
      diagnostics_.add({.code = "unknown-version",
                        .summary = "this program knows version 1 of the language",
                        .where = version->value.where,
                        .hint = "write 'encamp: 1'"});
    const Tree::Entry* site = tree_.find("site");
    if (site == nullptr)
      report_missing("site", "this file", top, diagnostics_, "name the site: 'site: lab'");
    else if (!site->value.is_scalar())
      diagnostics_.add({.code = "wrong-type",
                        .summary = fmt::format("the name of a site is text, and this is {}",
                                               site->value.kind_name()),
                        .where = site->value.where});
    else if (check_label(site->value.text, "a site", site->value.where, diagnostics_))
      site_.name = site->value.text;
    if (!options_.name.empty() && check_label(options_.name, "a deployment", {}, diagnostics_))
      site_.name = options_.name;
    drafts_.site_name = site_.name;
    drafts_.domain = site_.name + ".test";
    const Type text{.kind = Type::Kind::Text};
    const PlaceScope scope(drafts_, {});
    const Typing typing(scope, drafts_.loader(), diagnostics_);
    if (const Tree::Entry* about = tree_.find("about"); about != nullptr) {
      const std::optional<Value> value = typing.read(about->value, text);
      if (value && value->is_text())
        site_.about = value->text();
    }
    read_domain(typing, text);
    site_.domain = drafts_.domain;
  }

  void read_domain(const Typing& typing, const Type& text) {
    const Tree::Entry* entry = tree_.find("domain");
    if (entry == nullptr)
      return;
    const std::optional<Value> value = typing.read(entry->value, text);
    if (!value)
      return;
    static const RE2 kDomain(
        "([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*"
        "[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
    if (value->is_text() && value->text().size() <= 190 && RE2::FullMatch(value->text(), kDomain)) {
      drafts_.domain = value->text();
      return;
    }
    diagnostics_.add(
        {.code = "bad-name",
         .summary = fmt::format("{} is no DNS domain",
                                quoted(value->is_text() ? value->text() : to_source(*value))),
         .where = entry->value.where,
         .hint = "labels of a-z, 0-9 and '-' with dots between them"});
  }

  void declare(const std::string& section_name, const std::string& component_name) {
    const Tree& entries = section(section_name);
    const Component* component = drafts_.registry().find(component_name);
    if (component == nullptr) {
      if (!entries.entries.empty())
        diagnostics_.add(
            {.code = "unknown-component",
             .summary = fmt::format("the component '{}' is not installed", component_name),
             .where = entries.entries.front().where});
      return;
    }
    for (const Tree::Entry& entry : entries.entries) {
      if (!entry.key.starts_with("x-"))
        declare_resource(section_name, component->schema(), entry);
    }
  }

  void declare_resource(const std::string& section_name, const Schema& schema,
                        const Tree::Entry& entry) {
    const std::string kind =
        fmt::format("{} {}", schema.component == "image" ? "an" : "a", schema.component);
    const bool named = section_name == "images"
                           ? check_name(entry.key, kind, entry.where, diagnostics_)
                           : check_label(entry.key, kind, entry.where, diagnostics_);
    Draft draft;
    draft.resource.address = child_address(section_name, entry.key);
    draft.resource.component = schema.component;
    draft.resource.where = entry.where;
    draft.schema = &schema;
    draft.faulty = !named;
    if (section_name == "nodes")
      draft.resource.node = draft.resource.address;
    const Tree::Entry* software = nullptr;
    if (check_mapping(entry.value, kind, diagnostics_)) {
      draft.keys = &entry.value;
      draft.faulty = !check_resource_keys(section_name, schema, kind, entry.value) || draft.faulty;
      software = section_name == "nodes" ? entry.value.find("software") : nullptr;
    } else {
      draft.faulty = true;
    }
    const Address address = draft.resource.address;
    drafts_.add_name(section_name, entry.key, address);
    drafts_.add(std::move(draft));
    if (software != nullptr)
      declare_software(drafts_, address, software->value);
  }

  bool check_resource_keys(const std::string& section_name, const Schema& schema,
                           const std::string& kind, const Tree& keys) {
    std::vector<std::string> known;
    for (const PropertySchema& property : schema.properties) {
      if (!property.chosen)
        known.push_back(property.name);
    }
    if (section_name == "nodes") {
      known.emplace_back("software");
      known.emplace_back("needs");
    }
    return check_keys(keys, known, kLaterKeys, kind, diagnostics_);
  }

  void complete(Draft& draft) {
    drafts_.complete(draft);
    read_common_keys(drafts_, draft);
    // A node's address is its own: `node` of the resource is for items alone.
    if (draft.subject == nullptr)
      draft.resource.node.clear();
    if (!draft.faulty)
      drafts_.registry().get(draft.resource.component).check(draft.resource, diagnostics_);
  }

  const Tree& tree_;
  const ResolveOptions& options_;
  Diagnostics& diagnostics_;
  Drafts drafts_;
  Site site_;
};

}  // namespace

bool check_label(const std::string& name, const std::string& of, const Span& where,
                 Diagnostics& diagnostics) {
  static const RE2 kLabel("[a-z]([a-z0-9-]{0,61}[a-z0-9])?");
  if (RE2::FullMatch(name, kLabel))
    return true;
  diagnostics.add({.code = "bad-name",
                   .summary = fmt::format("{} cannot be the name of {}", quoted(name), of),
                   .where = where,
                   .hint = "a name begins with a-z, goes on with a-z, 0-9 and '-', and has at most "
                           "63 characters"});
  return false;
}

bool check_name(const std::string& name, const std::string& of, const Span& where,
                Diagnostics& diagnostics) {
  static const RE2 kName("[A-Za-z0-9_-]{1,63}");
  if (RE2::FullMatch(name, kName))
    return true;
  diagnostics.add({.code = "bad-name",
                   .summary = fmt::format("{} cannot be the name of {}", quoted(name), of),
                   .where = where,
                   .hint = "names are letters, digits, '-' and '_', at most 63"});
  return false;
}

bool check_mapping(const Tree& tree, const std::string& of, Diagnostics& diagnostics) {
  if (tree.is_mapping() || tree.is_null())
    return true;
  diagnostics.add({.code = "wrong-type",
                   .summary = fmt::format("{} is a mapping, and this is {}", of, tree.kind_name()),
                   .where = tree.where});
  return false;
}

Site resolve_in_part(const Tree& tree, const Registry& registry, const Loader& loader,
                     const ResolveOptions& options, Diagnostics& diagnostics) {
  Site site = Resolver(tree, registry, loader, options, diagnostics).run();
  diagnostics.sort();
  return site;
}

std::optional<Site> resolve(const Tree& tree, const Registry& registry, const Loader& loader,
                            const ResolveOptions& options, Diagnostics& diagnostics) {
  Site site = resolve_in_part(tree, registry, loader, options, diagnostics);
  if (diagnostics.has_errors())
    return std::nullopt;
  return site;
}

}  // namespace encamp
