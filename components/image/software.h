// The software of an image: items that are realized in its tree when it is built, by the same
// components as in a node. Of the image's property `software` each is a mapping with `name`,
// `component`, `properties`, and where they are written `timeout` and `backoff` in milliseconds and
// `attempts` (engine/description/resolve_images.cc).
#pragma once

#include "engine/component/context.h"

namespace encamp {

/// Adds the packages and repositories of an image's software to its recipe, and how the other items
/// are realized, one after another. `context` is borrowed by the recipe.
void add_software(const Properties& image, Context& context, ImageRecipe& recipe);

}  // namespace encamp
