// A description on its way through the stages that need no host: read, resolve, compile.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/description/diagnostic.h"
#include "engine/description/resolve.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"
#include "engine/graph/graph.h"
#include "src/commands.h"
#include "src/program.h"

namespace encamp {

/// As far as it got: what a stage refused is missing, and `diagnostics` says why.
struct Description {
  std::string file;                             ///< Absolute path.
  std::map<std::string, std::string> settings;  ///< Of parameters, by options.
  std::vector<std::string> secrets;             ///< Parameters that are shown nowhere.
  ResolveOptions options;                       ///< That it was resolved with.
  std::optional<Tree> tree;
  std::optional<Site> site;  ///< Its resources are in the graph.
  std::optional<Graph> graph;
  Diagnostics diagnostics;

  /// As the file calls the site, whatever the deployment's name. REQUIRES: `tree` is there.
  std::string site_name() const;
  /// Name of a node one could log in on, empty when the site has none. REQUIRES: `graph` is there.
  std::string first_node() const;
  bool is_good() const { return graph.has_value() && !diagnostics.has_errors(); }
};

/// The site's file is shown in messages as it is given. `name` is of the deployment, empty for the
/// site's own. When a file of the command line cannot be read at all, says so and throws
/// WrongInput.
Description read_description(Program& program, const SiteOptions& site, const std::string& name);

/// Likewise, for those who go on only with a good one: prints what is wrong, then WrongInput.
Description read_good_description(Program& program, const SiteOptions& site,
                                  const std::string& name);

/// The file and the parameters as one types them again: `site.yaml --set workers=3`; without the
/// values of `secrets`.
std::string as_typed(const SiteOptions& site, const std::vector<std::string>& secrets);

enum class DiagnosticFormat { Text, Json };

/// Prints all diagnostics, in the order of the file; text goes to standard error with a count at
/// the end, JSON to standard output.
void print_diagnostics(Program& program, const Diagnostics& diagnostics, DiagnosticFormat format);

}  // namespace encamp
