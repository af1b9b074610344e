// Finds components in shared objects and puts them into a Registry. How a plugin looks from its
// own side: engine/component/plugin.h.
//
// A plugin is trusted code in our process, so it is loaded only when nobody but root, this user
// and the program's owner could have written it. It is never unloaded.
#pragma once

#include <filesystem>
#include <vector>

#include "engine/component/registry.h"

namespace encamp {

/// Loads every `*.so` of `folders`, in the order of folders and of names. `program` is the file
/// whose owner is trusted too. Throws Error: NotFound when a folder does not exist or there is no
/// plugin at all, Denied for a folder or file that others may write, Conflict for a plugin that was
/// built for another encamp or brings a component that is there already, Failed for what cannot be
/// loaded.
void load_plugins(const std::vector<std::filesystem::path>& folders,
                  const std::filesystem::path& program, Registry& registry);

/// One plugin; its folder is checked too.
void load_plugin(const std::filesystem::path& file, const std::filesystem::path& program,
                 Registry& registry);

}  // namespace encamp
