// The values of parameters that are given outside of a description.
#pragma once

#include <vector>

#include "engine/description/diagnostic.h"
#include "engine/description/resolve.h"
#include "src/commands.h"

namespace encamp {

/// The later counts: variables `ENCAMP_SET_<NAME>` of the environment, files `--parameters`,
/// options `--set`. Paths start in the working directory. What is wrong in a file of parameters is
/// reported; throws Error when a file cannot be read.
std::vector<Setting> read_settings(const SiteOptions& site, Diagnostics& diagnostics);

}  // namespace encamp
