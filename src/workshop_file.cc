#include "src/workshop_file.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/local_file.h"
#include "src/local_process.h"
#include "src/workshop_scripts.h"

namespace encamp {
namespace {

using std::chrono::minutes;
using Bits = std::span<const unsigned char>;

constexpr std::int64_t kSector = 512;
constexpr std::int64_t kLargestDisk = std::int64_t{64} << 30;

std::vector<unsigned char> read_at(const Descriptor& file, std::int64_t offset, std::size_t size) {
  std::vector<unsigned char> bytes(size);
  const ssize_t count = pread(file.get(), bytes.data(), size, offset);
  bytes.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  bytes.resize(size);  // Behind its end there are zeros.
  return bytes;
}

std::uint64_t little(Bits bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = size; i-- > 0;)
    number = number << 8 | bytes[at + i];
  return number;
}

std::uint64_t big(Bits bytes, std::size_t at, std::size_t size) {
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < size; ++i)
    number = number << 8 | bytes[at + i];
  return number;
}

bool has_at(Bits bytes, std::size_t at, std::string_view text) {
  return std::equal(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                    [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; });
}

// A sector number beyond any disk is no partition's.
void add_partition(std::uint64_t first, std::uint64_t count, std::vector<Partition>& partitions) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  if (first != 0 && first < kMost && count != 0 && count < kMost)
    partitions.push_back(
        {static_cast<std::int64_t>(first) * kSector, static_cast<std::int64_t>(count) * kSector});
}

void add_guid_table(const Descriptor& disk, std::vector<Partition>& partitions) {
  const std::vector<unsigned char> header = read_at(disk, kSector, 512);
  const std::uint64_t count = std::min<std::uint64_t>(little(header, 80, 4), 256);
  const std::uint64_t size = little(header, 84, 4);
  const std::uint64_t table = little(header, 72, 8);
  if (!has_at(header, 0, "EFI PART") || size < 128 || size > 4096 || table > 1 << 20)
    return;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::vector<unsigned char> entry = read_at(
        disk, static_cast<std::int64_t>(table) * kSector + static_cast<std::int64_t>(i * size),
        128);
    const std::uint64_t first = little(entry, 32, 8);
    const std::uint64_t last = little(entry, 40, 8);
    if (last >= first)
      add_partition(first, last - first + 1, partitions);
  }
}

// An extended partition holds a chain of records, each with a logical one and the place of the
// next.
void add_logical(const Descriptor& disk, std::uint64_t extended,
                 std::vector<Partition>& partitions) {
  constexpr int kLongest = 64;
  std::uint64_t at = extended;
  for (int i = 0; i < kLongest; ++i) {
    const std::vector<unsigned char> record =
        read_at(disk, static_cast<std::int64_t>(at) * kSector, 512);
    if (!has_at(record, 510, "\x55\xaa"))
      return;
    add_partition(at + little(record, 454, 4), little(record, 458, 4), partitions);
    const std::uint64_t next = little(record, 470, 4);
    if (next == 0)
      return;
    at = extended + next;
  }
}

// Which file it is and when it was written.
std::string mark_of(const struct stat& file) {
  return fmt::format("{} {} {} {}.{:09}\n", file.st_dev, file.st_ino, file.st_size,
                     file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

std::string mark_of(const Descriptor& file) {
  struct stat now {};
  fstat(file.get(), &now);
  return mark_of(now);
}

std::string digest_of(const Descriptor& file) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  std::vector<unsigned char> part(1 << 20);
  std::int64_t offset = 0;
  ssize_t count = 0;
  while ((count = pread(file.get(), part.data(), part.size(), offset)) > 0) {
    EVP_DigestUpdate(context.get(), part.data(), static_cast<std::size_t>(count));
    offset += count;
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (count < 0 || EVP_DigestFinal_ex(context.get(), digest.data(), &length) != 1)
    throw Error(ErrorKind::Failed, "cannot read the file of the image");
  std::string hex;
  for (unsigned i = 0; i < length; ++i)
    hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// Returns the mark of the file that has the digest.
std::string checked(const ImageRecipe& recipe, const Workshop::Progress& progress) {
  if (progress)
    progress("checking the file");
  const Descriptor file = open_file(recipe.file, O_RDONLY);
  struct stat kind {};
  if (fstat(file.get(), &kind) != 0 || !S_ISREG(kind.st_mode))
    throw Error(ErrorKind::Failed, fmt::format("'{}' is no file", recipe.file));
  const std::string mark = mark_of(kind);
  const std::string digest = digest_of(file);
  if (digest != recipe.sha256)
    throw Error(ErrorKind::Failed, fmt::format("'{}' has the sha256 {}, and the image says {}",
                                               recipe.file, digest, recipe.sha256))
        .with_hint("is it the file that was meant? then write its digest");
  return mark;
}

// A raw disk of the same content in `work`.
std::filesystem::path convert(const std::filesystem::path& file, const std::filesystem::path& work,
                              const Workshop::Progress& progress) {
  if (progress)
    progress("converting the disk image");
  std::filesystem::path disk = work / "disk.raw";
  const ToolResult result = run_tool({.arguments = {"qemu-img", "convert", "-f", "qcow2", "-O",
                                                    "raw", file.string(), disk.string()},
                                      .timeout = minutes(10)});
  if (result.exit == 127)
    throw Error(ErrorKind::Failed, "'qemu-img' is not installed")
        .with_hint("apt-get install qemu-utils");
  if (result.exit != 0)
    throw Error(ErrorKind::Failed,
                fmt::format("cannot read '{}': qemu-img {}", file.string(),
                            result.timed_out ? "took more than 10 minutes"
                                             : fmt::format("ended with {}", result.exit)))
        .with_detail(last_lines(result.output, 5));
  return disk;
}

[[noreturn]] void throw_unusable(const ImageRecipe& recipe, const ToolResult& result) {
  constexpr std::string_view kReason = "encamp-file: ";
  if (result.timed_out)
    throw Error(ErrorKind::Failed,
                fmt::format("'{}' was not unpacked within 15 minutes", recipe.file));
  if (const std::size_t found = result.output.rfind(kReason); found != std::string::npos) {
    const std::size_t begin = found + kReason.size();
    throw Error(ErrorKind::Failed,
                fmt::format("'{}' cannot be an image: {}", recipe.file,
                            result.output.substr(begin, result.output.find('\n', begin) - begin)))
        .with_detail(last_lines(result.output.substr(0, found), 10));
  }
  throw Error(ErrorKind::Failed,
              fmt::format("cannot make an image of '{}': ended with {}", recipe.file, result.exit))
      .with_detail(last_lines(result.output, 12));
}

}  // namespace

std::vector<Partition> partitions_of(const std::filesystem::path& disk) {
  const Descriptor file = open_file(disk, O_RDONLY);
  const std::vector<unsigned char> record = read_at(file, 0, 512);
  std::vector<Partition> partitions;
  if (!has_at(record, 510, "\x55\xaa"))
    return partitions;
  for (std::size_t entry = 446; entry < 510; entry += 16) {
    const unsigned char type = record[entry + 4];
    const std::uint64_t first = little(record, entry + 8, 4);
    if (type == 0xee)
      add_guid_table(file, partitions);
    else if (type == 0x05 || type == 0x0f || type == 0x85)
      add_logical(file, first, partitions);
    else
      add_partition(first, little(record, entry + 12, 4), partitions);
  }
  std::ranges::stable_sort(partitions, std::greater<>(), &Partition::size);
  return partitions;
}

ImageFile kind_of_image(const std::filesystem::path& path) {
  const Descriptor file = open_file(path, O_RDONLY);
  const std::vector<unsigned char> head = read_at(file, 0, 512);
  if (has_at(head, 0, "QFI\xfb")) {
    // docs/interop/qcow2.txt of QEMU: a backing file at 8, the size at 24, features at 72.
    constexpr std::uint64_t kDataFile = 4;
    if (big(head, 8, 8) != 0 || (big(head, 4, 4) >= 3 && (big(head, 72, 8) & kDataFile) != 0))
      throw Error(ErrorKind::Denied,
                  fmt::format("'{}' is only the changes to another file", path.string()))
          .with_hint("make one of both: qemu-img convert -O qcow2");
    if (big(head, 24, 8) > static_cast<std::uint64_t>(kLargestDisk))
      throw Error(ErrorKind::Denied, fmt::format("'{}' is a disk of more than {}", path.string(),
                                                 to_string(Bytes{kLargestDisk})));
    return ImageFile::Qcow2;
  }
  const bool is_compressed = has_at(head, 0, "\x1f\x8b") || has_at(head, 0, "BZh") ||
                             has_at(head, 0,
                                    {"\xfd"
                                     "7zXZ\0",
                                     6}) ||
                             has_at(head, 0, "\x28\xb5\x2f\xfd");
  return is_compressed || has_at(head, 257, "ustar") ? ImageFile::Tar : ImageFile::Raw;
}

void unpack_image_file(const ImageRecipe& recipe, const std::filesystem::path& work,
                       const std::filesystem::path& debs, const Workshop::Progress& progress) {
  const std::string mark = checked(recipe, progress);
  const ImageFile kind = kind_of_image(recipe.file);
  std::filesystem::path file = recipe.file;
  if (kind == ImageFile::Qcow2)
    file = convert(file, work, progress);
  std::string partitions;
  if (kind != ImageFile::Tar) {
    for (const Partition& partition : partitions_of(file))
      partitions += fmt::format("{} {}\n", partition.start, partition.size);
  }
  const ToolResult result = run_script(file_tree_script(),
                                       {work.string(), (work / "base/root").string(), debs.string(),
                                        file.string(), kind == ImageFile::Tar ? "tar" : "disk",
                                        partitions, std::string(kIdentities), dress_script()},
                                       minutes(15), progress);
  if (result.exit != 0)
    throw_unusable(recipe, result);
  if (mark_of(open_file(recipe.file, O_RDONLY)) != mark)
    throw Error(ErrorKind::Conflict, fmt::format("'{}' changed while it was unpacked", recipe.file))
        .with_hint("do the same again");
  write_whole_file(work / "base/checked", mark);
}

void check_image_file(const ImageRecipe& recipe, const std::filesystem::path& note,
                      const Workshop::Progress& progress) {
  std::error_code ignored;
  if (!std::filesystem::exists(recipe.file, ignored))
    return;  // The tree is there, and has the digest that was asked for.
  const std::string mark = mark_of(open_file(recipe.file, O_RDONLY));
  if (!std::filesystem::exists(note, ignored) || read_whole_file(note) != mark)
    write_whole_file(note, checked(recipe, progress));
}

}  // namespace encamp
