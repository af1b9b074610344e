#include "src/local_loader.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

#include "engine/description/hints.h"
#include "engine/description/quantity.h"
#include "engine/description/resolve.h"
#include "engine/description/utf8.h"
#include "engine/error.h"
#include "engine/world/printable.h"

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

// A link that leads to another place of the tree, or to one that will be on the node.
bool stays_within(const fs::path& below, const fs::path& target) {
  if (target.is_absolute())
    return false;
  const fs::path end = (below.parent_path() / target).lexically_normal();
  return !end.empty() && *end.begin() != "..";
}

Error lies_outside(const std::string& path, const fs::path& directory) {
  return Error(ErrorKind::Denied,
               fmt::format("'{}' lies outside of the description's directory '{}'", path,
                           directory.native()))
      .with_hint("put the file beside the description, or allow its directory: '--allow-path DIR'");
}

// `batch/slurm`, ...
std::vector<std::string> names_in(const fs::path& library) {
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::recursive_directory_iterator entry(library, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    if (entry->path().extension() == ".yaml")
      names.push_back(entry->path().lexically_relative(library).replace_extension());
  }
  std::ranges::sort(names);
  return names;
}

std::string hint_for_include(const std::string& name, const std::vector<std::string>& known) {
  const std::string hint = hint_for(name, known);
  if (!hint.empty())
    return hint;
  if (name.starts_with('/'))
    return "the path of a file begins with './'";
  return fmt::format("a file beside this one is included as './{}{}'", name,
                     name.ends_with(".yaml") ? "" : ".yaml");
}

}  // namespace

LocalLoader::LocalLoader(const fs::path& description, fs::path library,
                         const std::vector<std::string>& allowed)
    : directory_(fs::weakly_canonical(fs::absolute(description)).parent_path()),
      library_(fs::weakly_canonical(library)) {
  for (const std::string& path : allowed)
    allowed_.insert(fs::weakly_canonical(fs::absolute(path)));
}

std::string LocalLoader::locate(const std::string& path, const std::string& from) const {
  const fs::path start = fs::absolute(from).parent_path();
  const fs::path real = fs::weakly_canonical(start / path);
  if (from == Setting::kOption || from == Setting::kVariable)
    allowed_.insert(real);
  if (!may_read(real))
    throw lies_outside(path, directory_);
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
          .with_hint(hint_for_include(name, names_in(library_)));
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

bool LocalLoader::may_read(const fs::path& real) const {
  return is_below(real, directory_) || is_below(real, library_) ||
         std::ranges::any_of(allowed_, [&](const fs::path& path) { return is_below(real, path); });
}

FileTree LocalLoader::load_tree(const std::string& absolute) const {
  std::error_code ignored;
  if (!fs::is_directory(absolute, ignored))
    throw Error(ErrorKind::NotFound, fmt::format("'{}' is no directory", absolute));
  FileTree tree;
  std::size_t bytes = 0;
  add_files(absolute, {}, tree, bytes);
  std::ranges::sort(tree, {}, &FileInTree::name);
  return tree;
}

void LocalLoader::add_files(const fs::path& directory, const fs::path& below, FileTree& tree,
                            std::size_t& bytes) const {
  std::error_code failed;
  for (fs::directory_iterator entry(directory, failed), end; !failed && entry != end;
       entry.increment(failed)) {
    const fs::path name = below / entry->path().filename();
    if (tree.size() == kMostFiles || name.native().size() > 1000)
      throw Error(ErrorKind::NoRoom,
                  fmt::format("'{}' has more than {} files", directory.native(), kMostFiles));
    if (!is_utf8(name.native()) || printable(name.native()) != name.native() ||
        name.native().find_first_of("\n\t") != std::string::npos)
      throw Error(ErrorKind::Denied, fmt::format("the name of '{}' is no plain text",
                                                 printable(entry->path().native())));
    fs::path real = entry->path();
    if (entry->is_symlink()) {
      const fs::path target = fs::read_symlink(real);
      if (stays_within(name, target)) {
        tree.push_back({name, FileInTree::Kind::Link, target});
        continue;
      }
      real = fs::weakly_canonical(real);
      if (!may_read(real))
        throw lies_outside(entry->path(), directory_);
    }
    const fs::file_status status = fs::status(real, failed);
    if (fs::is_directory(status)) {
      tree.push_back({name, FileInTree::Kind::Directory, {}});
      add_files(real, name, tree, bytes);
    } else if (fs::is_regular_file(status)) {
      const bool can_run = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
      std::string content = read_text(real, kLimit);
      bytes += content.size();
      if (bytes > kLimit)
        throw Error(ErrorKind::NoRoom,
                    fmt::format("the files up to '{}' are longer than {} together", real.native(),
                                to_string(Bytes{static_cast<std::int64_t>(kLimit)})));
      tree.push_back({name, can_run ? FileInTree::Kind::Executable : FileInTree::Kind::File,
                      std::move(content)});
    } else if (!fs::exists(status)) {
      throw Error(ErrorKind::NotFound, fmt::format("there is no '{}'", real.native()));
    } else {
      throw Error(ErrorKind::Denied,
                  fmt::format("'{}' is neither a file nor a directory", real.native()));
    }
  }
  if (failed)
    throw Error(ErrorKind::Denied,
                fmt::format("cannot read '{}': {}", directory.native(), failed.message()));
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
