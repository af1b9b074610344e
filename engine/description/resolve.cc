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
    "encamp", "site",    "about",      "domain",     "include",   "networks", "images", "nodes",
    "tests",  "outputs", "parameters", "prototypes", "resources", "volumes",  "checks"};

class Resolver {
 public:
  Resolver(const Tree& tree, const Registry& registry, const Loader& loader,
           const ResolveOptions& options, Diagnostics& diagnostics)
      : joined_(with_included(tree, loader, registry, diagnostics)),
        tree_(joined_.tree),
        options_(options),
        diagnostics_(diagnostics),
        drafts_(registry, loader, diagnostics, options.budget),
        prototypes_(joined_, registry, diagnostics) {
    drafts_.prototypes = &prototypes_;
    drafts_.is_whole = joined_.is_whole;
  }

  Resolved run_with_outline() {
    drafts_.outline = std::make_unique<Outline>();
    Site site = run();
    return {std::move(site), std::move(*drafts_.outline)};
  }

  Site run() {
    try {
      resolve_all();
    } catch (const OverBudget&) {
      diagnostics_.add({.code = "too-large",
                        .summary = "the description asks for more work than is allowed",
                        .where = tree_.entries.empty() ? tree_.where : tree_.entries.front().where,
                        .hint = "fewer copies, shorter lists, or loops that nest less"});
    }
    return std::move(site_);
  }

 private:
  void resolve_all() {
    check_keys(tree_, kSections, "a description", diagnostics_);
    read_head();
    declare_parameters(drafts_, section("parameters"), options_.settings, settings_);
    read_about_and_domain();
    section("prototypes");
    declare_networks(drafts_, section("networks"));
    declare_images(drafts_, section("images"));
    declare_nodes(drafts_, section("nodes"));
    drafts_.has_all_nodes = true;
    declare_volumes(drafts_, section("volumes"));
    declare_resources(drafts_, section("resources"), nullptr);
    drafts_.has_all_resources = true;
    declare_inside_of_nodes(drafts_);
    name_items(drafts_);
    const Tree& tests = section("tests");
    declare_tests(drafts_, tests);
    for (const std::unique_ptr<Draft>& draft : drafts_.all())
      told_the_way(drafts_, *draft, [&] { complete(*draft); });
    for (const std::string& name : drafts_.parameter_names())
      check_parameter(name);
    check_same_items(drafts_);
    site_.tests = read_tests(drafts_, tests);
    site_.outputs = read_outputs(drafts_, section("outputs"));
    if (const Tree::Entry* checks = tree_.find("checks"))
      read_checks(drafts_, checks->value);
    if (drafts_.outline != nullptr)
      outline_nodes(drafts_);
    fold_images(drafts_);
    take_resources();
  }

  /// As written, section by section.
  void take_resources() {
    constexpr std::array<std::string_view, 6> kParts = {"networks",  "images", "volumes",
                                                        "resources", "nodes",  "software"};
    std::array<std::vector<Draft*>, kParts.size()> parts;
    for (const std::unique_ptr<Draft>& draft : drafts_.all()) {
      const auto part = std::ranges::find(kParts, draft->schema->section);
      if (part != kParts.end() && !is_of_an_image(*draft))
        parts[static_cast<std::size_t>(part - kParts.begin())].push_back(draft.get());
    }
    // With room for what is implied, which is little: baked images, storage.
    site_.resources.reserve(drafts_.all().size() + drafts_.all().size() / 8 + 8);
    for (const std::vector<Draft*>& part : parts) {
      for (Draft* draft : part)
        site_.resources.push_back(std::move(draft->resource));
    }
  }

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
  }

  // They may refer to parameters.
  void read_about_and_domain() {
    const Type text{.kind = Type::Kind::Text};
    const PlaceScope scope(drafts_, Address());
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
    if (!draft.faulty)
      drafts_.registry().get(draft.resource.component).check(draft.resource, diagnostics_);
  }

  const Joined joined_;
  const Tree& tree_;
  const ResolveOptions& options_;
  Diagnostics& diagnostics_;
  Drafts drafts_;
  Prototypes prototypes_;
  std::deque<Tree> settings_;
  Site site_;
};

}  // namespace

std::optional<Resolved> resolve_with_outline(const Tree& tree, const Registry& registry,
                                             const Loader& loader, const ResolveOptions& options,
                                             Diagnostics& diagnostics) {
  Resolved resolved = Resolver(tree, registry, loader, options, diagnostics).run_with_outline();
  diagnostics.sort();
  if (diagnostics.has_errors())
    return std::nullopt;
  return resolved;
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
