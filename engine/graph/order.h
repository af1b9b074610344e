// The order of a directed graph, and the cycles that prevent one.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace encamp {

/// `first` needs `second`; vertices are numbered from 0.
using NeedPair = std::pair<std::size_t, std::size_t>;

/// Every vertex after all that it needs; of those that are free, the smaller number first as far as
/// a depth-first walk allows. Equal input, equal order. Nothing when there is a cycle.
std::optional<std::vector<std::size_t>> find_order(std::size_t vertices,
                                                   const std::vector<NeedPair>& needs);

/// One shortest cycle through the smallest vertex of each knot (strongly connected component), as
/// indices into `needs`, in the order one walks them. Empty when there is no cycle.
std::vector<std::vector<std::size_t>> find_cycles(std::size_t vertices,
                                                  const std::vector<NeedPair>& needs);

}  // namespace encamp
