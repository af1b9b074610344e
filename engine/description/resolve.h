// The second stage: Tree to Site. Names are looked up, values typed by the components' schemas,
// references evaluated as far as the file alone allows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/budget.h"
#include "engine/description/diagnostic.h"
#include "engine/description/loader.h"
#include "engine/description/outline.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"

namespace encamp {

/// The value that a parameter is given, read as the type that is declared.
struct Setting {
  /// `--set workers=3`, the variable `ENCAMP_SET_WORKERS`, or a line of a file `--parameters`.
  enum class From { Option, Variable, File };

  std::string name;   ///< Of a Variable what follows `ENCAMP_SET_`.
  std::string value;  ///< Of a File how it is shown to people.
  From from = From::Option;
  std::optional<Tree> tree = {};  ///< Of a File, with its places.
  Span key = {};                  ///< Likewise, where its name stands.

  /// How messages name the places of the first two, and what Loader::locate() gets as `from`.
  static constexpr const char* kOption = "--set";
  static constexpr const char* kVariable = "environment";
};

struct ResolveOptions {
  std::string name;               ///< Of the deployment, `--name`; the file's `site` when empty.
  std::vector<Setting> settings;  ///< Of several for one parameter the last counts.
  ResolveBudget budget = {};
};

/// The parameters that are declared `secret`, also by what is included: their values are recorded
/// and shown nowhere.
std::vector<std::string> secret_parameters(const Tree& tree, const Registry& registry,
                                           const Loader& loader);

/// Returns the site that `tree` describes, or nothing when there is any mistake. All mistakes are
/// in `diagnostics` then, in the order of the file.
///
///     const std::optional<Site> site = resolve(*tree, registry, loader, {}, diagnostics);
std::optional<Site> resolve(const Tree& tree, const Registry& registry, const Loader& loader,
                            const ResolveOptions& options, Diagnostics& diagnostics);

/// Likewise, with where everything came from.
struct Resolved {
  Site site;
  Outline outline;
};
std::optional<Resolved> resolve_with_outline(const Tree& tree, const Registry& registry,
                                             const Loader& loader, const ResolveOptions& options,
                                             Diagnostics& diagnostics);

/// Likewise, but returns whatever could be understood, also of a wrong file: to look for more
/// mistakes (find_need_cycles() in graph/compile.h), not to go on with.
Site resolve_in_part(const Tree& tree, const Registry& registry, const Loader& loader,
                     const ResolveOptions& options, Diagnostics& diagnostics);

}  // namespace encamp
