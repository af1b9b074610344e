// The parts of resolve(), one for each kind of section. Private to engine/description/.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/description/drafts.h"
#include "engine/description/resolve.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"

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

/// Declares the parameters with what `settings` give them. `trees` keeps the latter's text.
void declare_parameters(Drafts& drafts, const Tree& section, const std::vector<Setting>& settings,
                        std::deque<Tree>& trees);
/// Declares what lives on no machine: `munge-key: {secret: {bytes: 32}}`.
void declare_site_resources(Drafts& drafts, const Tree& section);
/// Declares the items of a node's `software`.
void declare_software(Drafts& drafts, const Draft& node, const Tree& software);
/// Reads the keys that all resources have: needs, timeout, retry.
void read_common_keys(Drafts& drafts, Draft& draft);

void declare_tests(Drafts& drafts, const Tree& section);
std::vector<Test> read_tests(Drafts& drafts, const Tree& section);
std::vector<Output> read_outputs(Drafts& drafts, const Tree& section);

std::vector<Need> read_needs(Drafts& drafts, const Tree* tree, const Scope& scope,
                             const Address& node);

}  // namespace encamp
