#include "src/local_report.h"

#include <algorithm>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace encamp {
namespace {

namespace fs = std::filesystem;

bool is_safe(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._-+@=,").find(c) != std::string_view::npos;
}

}  // namespace

fs::path safe_path(std::string_view path) {
  constexpr std::size_t kLongestName = 200;  // File systems take 255 bytes.
  fs::path result;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    std::string name(path.substr(0, std::min(end, kLongestName)));
    path.remove_prefix(std::min(end + 1, path.size()));
    std::ranges::replace_if(
        name, [](char c) { return !is_safe(c); }, '_');
    if (name.starts_with('.'))
      name.front() = '_';
    if (!name.empty())
      result /= name;
  }
  return result.empty() ? fs::path("_") : result;
}

void FolderReport::keep(const std::string& path, std::string_view bytes) {
  const fs::path file = folder_ / safe_path(path);
  const std::lock_guard lock(mutex_);
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  stream.close();
  if (stream)
    used_ = true;
  else if (problem_.empty())
    problem_ = fmt::format("cannot write '{}'", file.native());
}

bool FolderReport::is_used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

std::string FolderReport::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

}  // namespace encamp
