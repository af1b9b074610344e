// Pictures of graphs, drawn by Graphviz when this machine has it.
#pragma once

#include <string>

namespace encamp {

/// The SVG document that `dot` (the DOT language) describes. Throws Error(Failed) with the package
/// to install when Graphviz is missing.
std::string to_svg(const std::string& dot);

}  // namespace encamp
