// The second stage: Tree to Site. Names are looked up, values typed by the components' schemas,
// references evaluated as far as the file alone allows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/diagnostic.h"
#include "engine/description/loader.h"
#include "engine/description/site.h"
#include "engine/description/tree.h"

namespace encamp {

/// `--set workers=3`: the value of a parameter, read as the type that is declared.
struct Setting {
  std::string name;
  std::string value;
};

struct ResolveOptions {
  std::string name;               ///< Of the deployment, `--name`; the file's `site` when empty.
  std::vector<Setting> settings;  ///< Of several for one parameter the last counts.
};

/// Returns the site that `tree` describes, or nothing when there is any mistake. All mistakes are
/// in `diagnostics` then, in the order of the file.
///
///     const std::optional<Site> site = resolve(*tree, registry, loader, {}, diagnostics);
std::optional<Site> resolve(const Tree& tree, const Registry& registry, const Loader& loader,
                            const ResolveOptions& options, Diagnostics& diagnostics);

/// Likewise, but returns whatever could be understood, also of a wrong file: to look for more
/// mistakes (find_need_cycles() in graph/compile.h), not to go on with.
Site resolve_in_part(const Tree& tree, const Registry& registry, const Loader& loader,
                     const ResolveOptions& options, Diagnostics& diagnostics);

}  // namespace encamp
