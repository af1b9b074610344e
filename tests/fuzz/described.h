// What is tried with any bytes: reading, resolving under the budget for files from elsewhere, its
// graph, and printing it all.
#pragma once

#include <cstddef>
#include <string_view>

namespace encamp::test {

/// How many diagnostics there were.
std::size_t describe_untrusted(std::string_view bytes);

}  // namespace encamp::test
