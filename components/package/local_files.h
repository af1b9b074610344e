// What a package item's `files` do on a node.
#pragma once

#include <string>
#include <vector>

#include "engine/component/component.h"
#include "engine/world/local_package.h"

namespace encamp {

/// Reports files for another architecture than the node's, and two of one package.
void check_files(const Resource& item, Diagnostics& diagnostics);

/// Puts them where the node's apt finds them, and takes away what the item offered before. Returns
/// whether Guest::install() has to make it so; after that note_settled() is to be called.
bool offer_files(const std::vector<LocalPackage>& files, const Record& item, Context& context);
void note_settled(const std::vector<LocalPackage>& files, const Record& item, Context& context);

/// The names of the packages that the item offers, or has offered: where none of them is installed
/// nothing changes.
std::vector<std::string> concerned_packages(const std::vector<LocalPackage>& files,
                                            const Record& item);

/// Takes away all that the item offers, but what another item of the node offers too.
bool withdraw_files(const Record& item, Context& context);

}  // namespace encamp
