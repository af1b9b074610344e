#include "src/workshop_cpio.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>

namespace encamp {

void Cpio::add_directory(std::string_view path, unsigned mode) {
  add(path, S_IFDIR | mode, {}, {});
}

void Cpio::add_file(std::string_view path, std::string_view content, unsigned mode) {
  add(path, S_IFREG | mode, {}, content);
}

void Cpio::add_character_device(std::string_view path, unsigned major, unsigned minor,
                                unsigned mode) {
  add(path, S_IFCHR | mode, {major, minor}, {});
}

std::string Cpio::finish() {
  add("TRAILER!!!", 0, {}, {});
  return std::move(bytes_);
}

void Cpio::add(std::string_view path, unsigned mode, Device device, std::string_view content) {
  const unsigned links = (mode & S_IFMT) == S_IFDIR ? 2 : 1;
  // Magic, inode, mode, uid, gid, links, time, size, device (2), its own device (2), length of the
  // name with its end, checksum.
  fmt::format_to(std::back_inserter(bytes_),
                 "070701{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}{:08X}"
                 "{:08X}",
                 ++inode_, mode, 0, 0, links, 0, content.size(), 0, 0, device.major, device.minor,
                 path.size() + 1, 0);
  const auto pad = [&] { bytes_.resize((bytes_.size() + 3) & ~std::size_t{3}); };
  bytes_ += path;
  bytes_ += '\0';
  pad();
  bytes_ += content;
  pad();
}

}  // namespace encamp
