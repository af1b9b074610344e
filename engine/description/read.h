// The first stage: text to Tree.
#pragma once

#include <memory>
#include <optional>

#include "engine/description/diagnostic.h"
#include "engine/description/source.h"
#include "engine/description/tree.h"

namespace encamp {

/// Bounds of what is read, so that any file ends with an answer.
struct ReadBudget {
  std::size_t bytes = 256 * 1024;  ///< Of the file.
  int depth = 64;                  ///< Of lists and mappings in each other.
  std::size_t nodes = 50'000;      ///< Keys and values, aliases expanded.
};

/// Reads one YAML document, a mapping. Returns nothing when the text is no YAML or over the budget;
/// what can be read around (a second key of the same name, a tag) is reported and left out.
///
///     Diagnostics diagnostics;
///     const auto file = std::make_shared<const SourceFile>("site.yaml", text);
///     if (const std::optional<Tree> tree = read_tree(file, diagnostics)) ...
std::optional<Tree> read_tree(std::shared_ptr<const SourceFile> file, Diagnostics& diagnostics,
                              const ReadBudget& budget = {});

}  // namespace encamp
