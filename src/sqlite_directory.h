// Directories whose entries outlive a power loss (a file's own fsync is none of its name), and what
// went wrong with files.
#pragma once

#include <filesystem>

namespace encamp {

/// Makes the entries of a directory durable. Throws Error(NoRoom), (Denied) or (Failed).
void sync_directory(const std::filesystem::path& path);

/// Makes those of `path` and of every directory above it durable, up to one that we may not read:
/// whoever made them may have ended before it could.
void sync_directories(const std::filesystem::path& path);

// Of numbers of errno.
bool is_lack_of_room(int number);
bool is_denial(int number);

/// The error of a file that cannot be written, `number` of errno.
[[noreturn]] void throw_unwritable(const std::filesystem::path& path, int number);

}  // namespace encamp
