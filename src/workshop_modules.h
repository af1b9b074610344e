// Which kernel modules an initrd needs, and in which order they are loaded.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace encamp {

struct KernelModule {
  std::string name;
  std::string content;  ///< The ELF file, not compressed.
};

/// The names that a module says it needs, from `depends=` in its section .modinfo.
std::vector<std::string> module_needs(std::string_view content);

/// The `wanted` modules with everything they need, each after what it needs. `read` gives a
/// module's file, nothing when the kernel has it built in (or not at all).
std::vector<KernelModule> order_modules(
    const std::vector<std::string>& wanted,
    const std::function<std::optional<std::string>(const std::string& name)>& read);

/// Reads modules of the tree `lib/modules/<version>`, also those compressed by xz.
std::function<std::optional<std::string>(const std::string& name)> module_reader(
    const std::filesystem::path& tree);

}  // namespace encamp
