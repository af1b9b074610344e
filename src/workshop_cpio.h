// An archive in the format of initial RAM disks: cpio "newc", without compression.
// Source: Linux, Documentation/driver-api/early-userspace/buffer-format.rst.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace encamp {

/// Everything in it is root's and made at time 0, so that equal input gives equal bytes.
class Cpio {
 public:
  void add_directory(std::string_view path, unsigned mode = 0755);
  void add_file(std::string_view path, std::string_view content, unsigned mode = 0644);
  void add_character_device(std::string_view path, unsigned major, unsigned minor,
                            unsigned mode = 0600);

  /// The whole archive; nothing can be added afterwards.
  std::string finish();

 private:
  struct Device {
    unsigned major = 0;
    unsigned minor = 0;
  };
  void add(std::string_view path, unsigned mode, Device device, std::string_view content);

  std::string bytes_;
  unsigned inode_ = 0;
};

}  // namespace encamp
