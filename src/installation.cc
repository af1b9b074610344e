#include "src/installation.h"

#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace encamp {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

// $NAME, or `below` the home directory.
fs::path base_directory(const char* name, const char* below) {
  const std::string value = variable(name);
  if (!value.empty() && value.front() == '/')  // The XDG specification ignores relative ones.
    return value;
  return fs::path(variable("HOME")) / below;
}

}  // namespace

Installation find_installation() {
  return find_installation(fs::read_symlink("/proc/self/exe"), variable("ENCAMP_COMPONENTS"));
}

Installation find_installation(const fs::path& program, const std::string& added) {
  const fs::path above = program.parent_path().parent_path();
  const bool build_tree = fs::exists(above / "CMakeCache.txt");
  const fs::path library = build_tree ? above : above / ENCAMP_LIBDIR / "encamp";
  Installation found{.program = program,
                     .components = {library / "components"},
                     .init = library / "encamp-init",
                     .keeper = library / "encamp-libvirtd",
                     .data = above / "share/encamp"};
  for (std::string_view rest = added; !rest.empty();) {
    const std::size_t end = std::min(rest.find(':'), rest.size());
    if (end > 0)
      found.components.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return found;
}

fs::path state_directory(const std::string& option) {
  if (!option.empty())
    return fs::absolute(option);
  if (const std::string value = variable("ENCAMP_STATE"); !value.empty())
    return fs::absolute(value);
  if (::geteuid() == 0)
    return "/var/lib/encamp";
  return base_directory("XDG_STATE_HOME", ".local/state") / "encamp";
}

fs::path hosts_file(const std::string& option) {
  if (!option.empty())
    return fs::absolute(option);
  const fs::path usual = base_directory("XDG_CONFIG_HOME", ".config") / "encamp/hosts.yaml";
  std::error_code ignored;
  return fs::exists(usual, ignored) ? usual : fs::path();
}

}  // namespace encamp
