// Baking: packages of a node that are in its image from the start. Nodes with the same packages
// share one image, which the host builds once.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/description/site.h"

namespace encamp {

/// The image that `node` names, or the site's only one; nullptr when there is none.
const Resource* image_of(const Resource& node, const Site& site);

/// What makes two images so different that a node of one cannot become a node of the other: all of
/// the recipe that was written, without what is baked.
Value essence_of(const Resource& image);

/// The names of all packages that the items of all nodes ask for.
std::set<std::string> packages_of(const Site& site);

/// The image `images['debian + curl, nginx-light']` for a node with these items: its own with the
/// packages that its package items name, after what those items prepare, from the files that they
/// offer, and with the repositories that its items name; but for items with needs, and those with a
/// version. Nothing when there are none.
std::optional<Resource> baked_image(const Resource& image,
                                    const std::vector<const Resource*>& items);

}  // namespace encamp
