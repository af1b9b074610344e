// What an item of a node's `software` is known by, as it is written.
#pragma once

#include <string>
#include <vector>

#include "engine/component/registry.h"
#include "engine/description/tree.h"

namespace encamp {

/// The entries of an item whose keys are components that may be the item's.
std::vector<const Tree::Entry*> component_entries(const Tree& item, const Registry& registry);

/// Of several such keys the one that has the others as its properties (a file's `group`, a
/// command's `user`); nullptr when there is none.
const Tree::Entry* component_entry(const std::vector<const Tree::Entry*>& candidates,
                                   const Registry& registry);

/// The subject of an item as text; of a list its items, parted by commas.
std::string subject_text(const Tree& subject);

/// The item's `name`, else its component and what it is about; a service by its own name, so that
/// `software.nginx` is the service. Empty when it says neither.
std::string item_name(const Tree& item, const Registry& registry);

/// Likewise, of an item of `component` that is about `subject`.
std::string item_name(const std::string& component, const std::string& subject);

}  // namespace encamp
