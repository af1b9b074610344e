#include "src/local_loader.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "engine/description/quantity.h"
#include "engine/description/resolve.h"
#include "engine/error.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

bool is_below(const fs::path& path, const fs::path& directory) {
  if (directory.empty())
    return false;
  const auto [inside, outside] =
      std::mismatch(directory.begin(), directory.end(), path.begin(), path.end());
  return inside == directory.end();
}

}  // namespace

LocalLoader::LocalLoader(const fs::path& description, fs::path library)
    : directory_(fs::weakly_canonical(fs::absolute(description)).parent_path()),
      library_(fs::weakly_canonical(library)) {}

std::string LocalLoader::locate(const std::string& path, const std::string& from) const {
  const fs::path start = fs::absolute(from).parent_path();
  const fs::path real = fs::weakly_canonical(start / path);
  if (from == Setting::kOption || from == Setting::kVariable)
    set_.insert(real);
  if (!set_.contains(real) && !is_below(real, directory_) && !is_below(real, library_)) {
    throw Error(ErrorKind::Denied,
                fmt::format("'{}' lies outside of the description's directory '{}'", path,
                            directory_.native()))
        .with_hint("put the file beside the description");
  }
  std::error_code ignored;
  if (!fs::exists(real, ignored))
    throw Error(ErrorKind::NotFound, fmt::format("there is no '{}'", real.native()));
  return real.native();
}

Loader::Included LocalLoader::locate_description(const std::string& name,
                                                 const std::string& from) const {
  std::string absolute;
  if (name.starts_with("./") || name.starts_with("../")) {
    absolute = locate(name, from);
  } else {
    const fs::path path = fs::weakly_canonical(library_ / (name + ".yaml"));
    std::error_code ignored;
    if (library_.empty() || !is_below(path, library_) || !fs::exists(path, ignored))
      throw Error(ErrorKind::NotFound, fmt::format("no description is named '{}'", name))
          .with_hint(fmt::format("a file beside this one is included as './{}{}'", name,
                                 name.ends_with(".yaml") ? "" : ".yaml"));
    absolute = path.native();
  }
  return {absolute, shown(absolute)};
}

std::string LocalLoader::shown(const std::string& absolute) const {
  // Shorter where the user stands above the file.
  const fs::path relative = fs::path(absolute).lexically_proximate(fs::current_path());
  const bool is_setting =
      relative.native() == Setting::kOption || relative.native() == Setting::kVariable;
  return is_setting || relative.native().starts_with("..") ? absolute : relative.native();
}

std::string LocalLoader::load(const std::string& absolute) const {
  return read_text(absolute, kLimit);
}

std::string read_text(const fs::path& path, std::size_t limit) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored))
    throw Error(ErrorKind::NotFound, fmt::format("'{}' is a directory", path.native()));
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int reason = errno;
    throw Error(reason == ENOENT ? ErrorKind::NotFound : ErrorKind::Denied,
                fmt::format("cannot read '{}': {}", path.native(),
                            std::generic_category().message(reason)));
  }
  std::string text(limit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > limit) {
    throw Error(ErrorKind::NoRoom, fmt::format("'{}' is longer than {}", path.native(),
                                               to_string(Bytes{static_cast<std::int64_t>(limit)})));
  }
  return text;
}

}  // namespace encamp
