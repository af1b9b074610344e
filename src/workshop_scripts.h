// The shell scripts that build trees and images. Each runs in a mount and PID namespace of its own
// (run_script), so its mounts and processes end with it, however it ends.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/world/workshop.h"
#include "src/local_process.h"

namespace encamp {

/// TREE RELEASE ARCHITECTURE SOURCES [APT-OPTION...]: the tree that all images of a release start
/// from.
std::string base_script();

/// WORK TREE DEBS FILE KIND PARTITIONS IDENTITIES DRESS: likewise from a file. KIND is `tar` or
/// `disk`, a raw one with PARTITIONS, a line `START SIZE` in bytes for each. DRESS is the script
/// below; it is run in the tree, so that no link in it leads out. Ends with 1 and a line
/// `encamp-file: ...` when it cannot be used.
std::string file_tree_script();
std::string dress_script();

/// WORK BASE DEBS ARCHITECTURE: in WORK/machine a layer `upper` with the kernel's modules, and
/// `vmlinuz` beside it. BASE is the tree above.
std::string kernel_script();

/// WORK LOWER DEBS IMAGE IDENTITIES [PACKAGE...]: the ext4 file IMAGE of LOWER (layers, the
/// uppermost first, parted by colons) with the packages installed, the
/// repositories of WORK/sources and the local packages of WORK/packages known to its apt, and
/// without what the text
/// IDENTITIES says that no two nodes may share; when WORK has a pipe `requests`, after what a
/// TreeAgent asks for. Ends with 1 and `encamp-private: /etc/x ` when it
/// does not know a file.
std::string image_script();

/// What no two nodes may share: workshop_identities.txt.
extern const std::string_view kIdentities;

/// Runs `script` with `arguments`. Lines that begin with `encamp: ` are told to `progress`.
/// `on_line` gets all lines.
ToolResult run_script(const std::string& script, std::vector<std::string> arguments,
                      Duration timeout, const Workshop::Progress& progress,
                      const std::function<void(const std::string&)>& on_line = {});

}  // namespace encamp
