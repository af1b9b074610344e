// The parts of resolve(), one for each kind of section. Private to engine/description/.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/description/drafts.h"
#include "engine/description/place_scope.h"
#include "engine/description/resolve.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"
#include "engine/description/typing.h"

namespace encamp {

/// Reports a file that does not begin with `encamp: 1`.
void check_version(const Tree& tree, Diagnostics& diagnostics);

/// Whether `name` is a DNS label (sites, nodes, networks); reports when it is none.
bool check_label(const std::string& name, const std::string& of, const Span& where,
                 Diagnostics& diagnostics);
/// Whether `name` is letters, digits, `-` and `_`; reports when it is not.
bool check_name(const std::string& name, const std::string& of, const Span& where,
                Diagnostics& diagnostics);
/// Whether `tree` is a mapping; null counts as an empty one.
bool check_mapping(const Tree& tree, const std::string& of, Diagnostics& diagnostics);

/// The keys that a description may write of what a component knows.
std::vector<std::string> writable_keys(const Schema& schema);
/// The component of a section; nullptr when it is not there, which is reported unless the section
/// is empty.
const Component* section_component(const Drafts& drafts, const Tree& section,
                                   const std::string& name);
/// What `networks`, `images` and `volumes` have in common: address, name, a mapping of keys.
Draft section_draft(const Drafts& drafts, const Schema& schema, const Tree::Entry& entry,
                    const std::string& section);

/// Declares the parameters with what `settings` give them. `trees` keeps the latter's text.
void declare_parameters(Drafts& drafts, const Tree& section, const std::vector<Setting>& settings,
                        std::deque<Tree>& trees);
void declare_networks(Drafts& drafts, const Tree& section);
void declare_images(Drafts& drafts, const Tree& section);
/// Whether it is an item of an image's software: no resource of the site, but part of the image.
bool is_of_an_image(const Draft& draft);
/// Puts the items of images into these. REQUIRES: all properties are evaluated.
void fold_images(Drafts& drafts);
/// They may have copies. REQUIRES: all nodes are declared.
void declare_volumes(Drafts& drafts, const Tree& section);
void declare_nodes(Drafts& drafts, const Tree& section);
/// Declares what lives on no machine: `munge-key: {secret: {bytes: 32}}`; of the site, or of
/// `node`.
void declare_resources(Drafts& drafts, const Tree& section, const Draft* node);
/// Declares the resources, items and tests of all nodes.
void declare_inside_of_nodes(Drafts& drafts);
/// Declares the items of the `software` that a node has, or all copies of one.
void declare_software(Drafts& drafts, const std::vector<Draft*>& copies, const Tree& software);
/// Gives items without a name the one that their resolved text makes, unless it is taken. REQUIRES:
/// all items are declared.
void name_items(Drafts& drafts);
/// Reads the keys that all resources have: needs, timeout, retry.
void read_common_keys(Drafts& drafts, Draft& draft);
/// What the outline tells of nodes, prototypes and parameters. REQUIRES: all is evaluated.
void outline_nodes(Drafts& drafts);
/// Reports items of a node that are about the same path. REQUIRES: all properties are evaluated.
void check_same_items(Drafts& drafts);

void declare_tests(Drafts& drafts, const Tree& section);
/// Those of nodes first.
std::vector<Test> read_tests(Drafts& drafts, const Tree& section);
std::vector<Output> read_outputs(Drafts& drafts, const Tree& section);
/// Reports which `checks` do not hold.
void read_checks(Drafts& drafts, const Tree& section);

/// Does `work` on something in a node; what it reports of prototypes says the way to the node.
template <typename Work>
void told_the_way(Drafts& drafts, const Draft& draft, const Work& work) {
  const std::size_t before = drafts.diagnostics().all().size();
  work();
  if (drafts.diagnostics().all().size() == before)
    return;
  const Draft* node = draft.extended != nullptr ? &draft : drafts.find(draft.node);
  if (node == nullptr || node->extended == nullptr)
    return;
  for (Diagnostic& diagnostic : drafts.diagnostics().from(before)) {
    for (Diagnostic::Note& note :
         drafts.prototypes->way(*node->extended, diagnostic.where, node->written_as))
      diagnostic.notes.push_back(std::move(note));
  }
}

std::vector<Need> read_needs(Drafts& drafts, const Tree* tree, const Scope& scope,
                             const Address& node);

}  // namespace encamp
