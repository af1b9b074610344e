// Open files of this machine, and what is done with whole ones.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

namespace encamp {

/// Owns an open file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  explicit operator bool() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

/// Opens a file with the flags of open(2); it is closed on exec. Throws Error(NotFound), (NoRoom),
/// (Denied) or (Failed) that names the path.
Descriptor open_file(const std::filesystem::path& path, int flags, unsigned mode = 0644);

/// Throws as open_file() does.
std::string read_whole_file(const std::filesystem::path& path);
void write_whole_file(const std::filesystem::path& path, std::string_view content,
                      unsigned mode = 0644);
void make_directories(const std::filesystem::path& path);

}  // namespace encamp
