// The files of a description made one.
#pragma once

#include "engine/component/registry.h"
#include "engine/description/diagnostic.h"
#include "engine/description/loader.h"
#include "engine/description/tree.h"

namespace encamp {

struct Joined {
  Tree tree;
  bool is_whole = true;  ///< Every file that is included could be read.
};

/// Returns the site's own file `root` with everything that it includes, and that those include,
/// joined to its sections: what is included first, then what is its own. Each file is read once.
/// A name that two included files define is reported; the site's own file may define it again and
/// is merged over it.
Joined with_included(const Tree& root, const Loader& loader, const Registry& registry,
                     Diagnostics& diagnostics);

}  // namespace encamp
