// Images that are files of this machine: root tarballs, raw and qcow2 disk images (docs/images.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/world/workshop.h"

namespace encamp {

/// Where a partition lies on a disk, in bytes.
struct Partition {
  std::int64_t start = 0;
  std::int64_t size = 0;
  bool operator==(const Partition&) const = default;
};

/// Those of a raw disk with a GUID table (UEFI 2.10, section 5.3; sectors of 512 bytes) or one of
/// the master boot record, logical ones too, the largest first; none when it has no table.
/// Throws Error(NotFound) and so on as open_file() does.
std::vector<Partition> partitions_of(const std::filesystem::path& disk);

enum class ImageFile { Tar, Raw, Qcow2 };

/// Which it is, by its first bytes: compressed ones are tarballs. Throws Error(Denied) for a qcow2
/// image that names other files, which would be read too, and for one larger than 64 GiB.
ImageFile kind_of_image(const std::filesystem::path& file);

/// Makes WORK/base/root, a tree that images start from, of the recipe's file. `debs` are packages
/// that were downloaded before. Throws Error(Failed) when it is another file than the digest says,
/// or cannot be used.
void unpack_image_file(const ImageRecipe& recipe, const std::filesystem::path& work,
                       const std::filesystem::path& debs, const Workshop::Progress& progress);

/// Throws Error(Failed) when the recipe's file is not the one that its digest says. What it looked
/// at last it notes in `note`, and reads the file only when it is another one since.
void check_image_file(const ImageRecipe& recipe, const std::filesystem::path& note,
                      const Workshop::Progress& progress);

}  // namespace encamp
