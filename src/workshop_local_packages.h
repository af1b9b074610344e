// Which packages of this machine an image takes instead of the mirror's.
#pragma once

#include <vector>

#include "engine/world/workshop.h"
#include "src/workshop_base.h"

namespace encamp {

/// Of `recipe.files` those that the image will have: named by its packages, or needed by one of
/// them, in order of their stems. Asks apt of the tree, half a second. Throws Error(Failed) for a
/// file that no node of the site will take.
std::vector<LocalPackage> taken_packages(const ImageRecipe& recipe, const BaseTree& base);

}  // namespace encamp
