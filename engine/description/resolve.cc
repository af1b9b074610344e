#include "engine/description/resolve.h"

#include <algorithm>
#include <array>
#include <deque>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/expression.h"
#include "engine/description/include.h"
#include "engine/description/prototypes.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

const std::vector<std::string> kSections = {
    "encamp", "site",  "about",   "domain",     "include",    "networks",  "images",
    "nodes",  "tests", "outputs", "parameters", "prototypes", "resources", "volumes"};
const std::vector<std::string> kLaterSections = {"checks"};
// Keys of the language that no component's schema has yet.
const std::vector<std::string> kLaterKeys = {"extends", "count",  "for_each",  "when",
                                             "disks",   "tests",  "resources", "host",
                                             "file",    "sha256", "software"};
// What attributes of prototypes cannot be called: what every node has or will have.
const std::vector<std::string> kNodeWords = {
    "extends",   "image",      "memory", "disk",     "cpus",     "disks",     "mounts", "networks",
    "resources", "software",   "tests",  "count",    "for_each", "when",      "needs",  "isolation",
    "host",      "attributes", "name",   "hostname", "address",  "addresses", "key",    "index"};
constexpr int kMostCopies = 1000;

class Resolver {
 public:
  Resolver(const Tree& tree, const Registry& registry, const Loader& loader,
           const ResolveOptions& options, Diagnostics& diagnostics)
      : tree_(with_included(tree, loader, registry, diagnostics)),
        options_(options),
        diagnostics_(diagnostics),
        drafts_(registry, loader, diagnostics),
        prototypes_(tree_, registry, diagnostics) {
    drafts_.prototypes = &prototypes_;
  }

  Site run() {
    check_keys(tree_, kSections, kLaterSections, "a description", diagnostics_);
    read_head();
    declare_parameters(drafts_, section("parameters"), options_.settings, settings_);
    section("prototypes");
    declare("networks", "network");
    declare("images", "image");
    declare("volumes", "volume");
    declare_site_resources(drafts_, section("resources"));
    declare("nodes", "node");
    drafts_.has_all_nodes = true;
    declare_all_software();
    const Tree& tests = section("tests");
    declare_tests(drafts_, tests);
    for (const std::unique_ptr<Draft>& draft : drafts_.all())
      told_the_way(*draft, [&] { complete(*draft); });
    for (const std::string& name : drafts_.parameter_names())
      check_parameter(name);
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
    check_version(tree_, diagnostics_);
    const Span top = tree_.entries.empty() ? tree_.where : tree_.entries.front().where;
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
      if (entry.key.starts_with("x-"))
        continue;
      if (section_name == "nodes")
        declare_node(component->schema(), entry);
      else
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
    if (check_mapping(entry.value, kind, diagnostics_)) {
      draft.keys = &entry.value;
      draft.faulty = !check_keys(entry.value, writable(schema), kLaterKeys, kind, diagnostics_) ||
                     draft.faulty;
    } else {
      draft.faulty = true;
    }
    drafts_.add_name(section_name, entry.key, draft.resource.address);
    drafts_.add(std::move(draft));
  }

  static std::vector<std::string> writable(const Schema& schema) {
    std::vector<std::string> names;
    for (const PropertySchema& property : schema.properties) {
      if (!property.chosen)
        names.push_back(property.name);
    }
    return names;
  }

  /// A node and all its copies.
  void declare_node(const Schema& schema, const Tree::Entry& entry) {
    Draft draft;
    draft.faulty = !check_label(entry.key, "a node", entry.where, diagnostics_);
    draft.resource.component = schema.component;
    draft.resource.where = entry.where;
    draft.schema = &schema;
    draft.written_as = child_address("nodes", entry.key);
    if (check_mapping(entry.value, "a node", diagnostics_)) {
      draft.extended = prototypes_.extend(entry.value);
      draft.keys = &draft.extended->keys;
      told_the_way(draft, [&] { declare_attributes(draft); });
      std::vector<std::string> known = writable(schema);
      for (const char* key : {"software", "needs", "count", "when"})
        known.emplace_back(key);
      if (!draft.extended->prototypes.empty())
        known.emplace_back("attributes");
      for (const Declaration& attribute : draft.attributes)
        known.push_back(attribute.schema.name);
      told_the_way(draft, [&] {
        draft.faulty =
            !check_keys(*draft.keys, known, kLaterKeys, "a node", diagnostics_) || draft.faulty;
      });
      const Tree::Entry* own = entry.value.find("attributes");
      if (own != nullptr && !draft.extended->prototypes.empty())
        diagnostics_.add({.code = "unknown-key",
                          .summary = "a node has no key 'attributes'",
                          .where = own->where,
                          .hint = "prototypes declare them"});
    } else {
      draft.faulty = true;
    }
    const Tree::Entry* count = draft.keys == nullptr ? nullptr : draft.keys->find("count");
    if (count == nullptr || count->value.is_null()) {
      add_node(std::move(draft), entry.key);
      return;
    }
    drafts_.add_collection(draft.written_as);
    std::optional<Value> copies;
    told_the_way(draft, [&] { copies = read_count(count->value); });
    for (int index = 1; copies && index <= copies->integer(); ++index) {
      Draft copy = draft;
      copy.index = index;
      const std::string name = fmt::format("{}-{}", entry.key, index);
      if (!draft.faulty && !check_label(name, "a node", entry.where, diagnostics_))
        return;
      add_node(std::move(copy), name);
    }
  }

  std::optional<Value> read_count(const Tree& tree) {
    const PropertySchema count{.name = "count",
                               .type = {.kind = Type::Kind::Integer},
                               .least = Value(0),
                               .most = Value(kMostCopies)};
    const PlaceScope scope(drafts_, {});
    return Typing(scope, drafts_.loader(), diagnostics_).read(tree, count);
  }

  void add_node(Draft draft, const std::string& name) {
    const Address address = child_address("nodes", name);
    draft.resource.address = address;
    draft.resource.node = address;
    if (const Draft* other = drafts_.find(address)) {
      diagnostics_.add({.code = "duplicate-name",
                        .summary = fmt::format("there are two nodes '{}'", name),
                        .where = draft.resource.where,
                        .hint = "the copies of a node are called like it, with a number behind",
                        .notes = {{"the other", other->resource.where}}});
      return;
    }
    const bool is_copy = draft.index > 0;
    const Address written_as = draft.written_as;
    Draft& added = drafts_.add(std::move(draft));
    bool is_wanted = true;
    told_the_way(added, [&] { is_wanted = drafts_.is_wanted(added); });
    if (!is_wanted) {
      drafts_.take_back();
      drafts_.leave_out("nodes", name);
      return;
    }
    drafts_.add_name("nodes", name, address);
    if (is_copy)
      drafts_.add_name(written_as, name, address);
  }

  void declare_attributes(Draft& node) {
    const Tree::Entry* declared = node.keys->find("attributes");
    if (declared == nullptr || !check_mapping(declared->value, "'attributes'", diagnostics_))
      return;
    const PlaceScope scope(drafts_, {});
    const Typing typing(scope, drafts_.loader(), diagnostics_);
    for (const Tree::Entry& entry : declared->value.entries) {
      if (entry.key.starts_with("x-"))
        continue;
      if (std::ranges::find(kNodeWords, entry.key) != kNodeWords.end()) {
        diagnostics_.add({.code = "bad-name",
                          .summary = fmt::format("an attribute cannot be called '{}'", entry.key),
                          .where = entry.where,
                          .hint = "every node has that"});
        continue;
      }
      if (std::optional<Declaration> declaration = read_declaration(
              entry, Declared::Attribute, drafts_.registry(), typing, diagnostics_))
        node.attributes.push_back(std::move(*declaration));
      else
        node.faulty = true;
    }
  }

  void declare_all_software() {
    std::vector<Draft*> nodes;
    for (const std::unique_ptr<Draft>& draft : drafts_.all()) {
      if (draft->schema->section == "nodes")
        nodes.push_back(draft.get());
    }
    for (Draft* node : nodes) {
      const Tree::Entry* software = node->keys == nullptr ? nullptr : node->keys->find("software");
      if (software != nullptr)
        told_the_way(*node, [&] { declare_software(drafts_, *node, software->value); });
    }
  }

  /// Does `work` on something in a node; what it reports of prototypes says the way to the node.
  template <typename Work>
  void told_the_way(const Draft& draft, const Work& work) {
    const std::size_t before = diagnostics_.all().size();
    work();
    const Draft* node = draft.extended != nullptr ? &draft : drafts_.find(draft.resource.node);
    if (node == nullptr || node->extended == nullptr)
      return;
    for (Diagnostic& diagnostic : diagnostics_.from(before)) {
      for (Diagnostic::Note& note :
           prototypes_.way(*node->extended, diagnostic.where, node->written_as))
        diagnostic.notes.push_back(std::move(note));
    }
  }

  void check_parameter(const std::string& name) {
    try {
      drafts_.parameter(name, {});
    } catch (const ExpressionError& error) {
      if (!error.diagnostic.code.empty())
        diagnostics_.add(error.diagnostic);
    }
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

  const Tree tree_;
  const ResolveOptions& options_;
  Diagnostics& diagnostics_;
  Drafts drafts_;
  Prototypes prototypes_;
  std::deque<Tree> settings_;
  Site site_;
};

}  // namespace

void check_version(const Tree& tree, Diagnostics& diagnostics) {
  const Tree::Entry* version = tree.find("encamp");
  const Span top = tree.entries.empty() ? tree.where : tree.entries.front().where;
  if (version == nullptr)
    report_missing("encamp", "this file", top, diagnostics, "begin it with 'encamp: 1'");
  else if (!version->value.is_scalar() || version->value.text != "1")
    diagnostics.add({.code = "unknown-version",
                     .summary = "this program knows version 1 of the language",
                     .where = version->value.where,
                     .hint = "write 'encamp: 1'"});
}

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
