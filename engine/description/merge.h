// How one definition is laid over another: a node over its prototypes, the site's own file over
// what it includes.
#pragma once

#include "engine/component/registry.h"
#include "engine/description/tree.h"

namespace encamp {

/// `over` laid over `base`, both definitions of the same kind (a node, a prototype, an image):
/// mappings merge key by key and deeply, `null` removes a key, scalars and lists are replaced. The
/// items of `software` are joined: those of `base` first, one that is named like an inherited one
/// merged into it in its place, and one with `before: nginx` in front of the one known as `nginx`.
Tree merged(Tree base, const Tree& over, const Registry& registry);

}  // namespace encamp
