#include "src/plugins.h"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <system_error>

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/component/plugin.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

struct stat status_of(const fs::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    const std::string reason = std::generic_category().message(errno);
    throw Error(errno == ENOENT ? ErrorKind::NotFound : ErrorKind::Denied,
                fmt::format("cannot look at '{}': {}", path.native(), reason));
  }
  return status;
}

// Follows links: what counts is who may write what is loaded in the end.
void check_only_trusted_may_write(const fs::path& path, const fs::path& program) {
  const struct stat status = status_of(path);
  if (status.st_uid != 0 && status.st_uid != ::geteuid() &&
      status.st_uid != status_of(program).st_uid) {
    throw Error(ErrorKind::Denied,
                fmt::format("'{}' is not loaded: it belongs to user {}, who is neither root, you, "
                            "nor the owner of the program",
                            path.native(), status.st_uid));
  }
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    throw Error(ErrorKind::Denied,
                fmt::format("'{}' is not loaded: others than its owner may write it (mode {:04o})",
                            path.native(), status.st_mode & 07777))
        .with_hint(fmt::format("chmod go-w '{}'", path.native()));
  }
}

std::string loader_message() {
  const char* message = dlerror();
  return message != nullptr ? message : "unknown reason";
}

}  // namespace

void load_plugin(const fs::path& file, const fs::path& program, Registry& registry) {
  const fs::path real = fs::weakly_canonical(file);
  check_only_trusted_may_write(real.parent_path(), program);
  check_only_trusted_may_write(real, program);

  void* const handle = dlopen(real.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    throw Error(ErrorKind::Failed,
                fmt::format("cannot load component '{}': {}", file.native(), loader_message()))
        .with_hint("build it again for this encamp, or take it out of the folder");
  }
  const auto function = reinterpret_cast<PluginFunction>(dlsym(handle, kPluginFunction));
  if (function == nullptr) {
    throw Error(ErrorKind::Failed, fmt::format("'{}' is no component: it has no function '{}'",
                                               file.native(), kPluginFunction))
        .with_hint("take it out of the folder");
  }
  const Plugin* const plugin = function();
  if (plugin == nullptr || plugin->abi == nullptr || std::string_view(plugin->abi) != kAbi) {
    throw Error(ErrorKind::Conflict,
                fmt::format("component '{}' was built for another encamp", file.native()))
        .with_detail(fmt::format("it was built for: {}\nthis encamp is:   {}",
                                 plugin != nullptr && plugin->abi != nullptr ? plugin->abi : "?",
                                 kAbi))
        .with_hint("build it again with the headers of this encamp");
  }
  with_context(fmt::format("loading '{}'", file.native()), [&] { plugin->add(registry); });
}

void load_plugins(const std::vector<fs::path>& folders, const fs::path& program,
                  Registry& registry) {
  for (const fs::path& folder : folders) {
    check_only_trusted_may_write(folder, program);
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".so")
        files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (const fs::path& file : files)
      load_plugin(file, program, registry);
  }
  if (registry.all().empty()) {
    throw Error(ErrorKind::NotFound, fmt::format("there is no component in '{}'",
                                                 folders.empty() ? "" : folders.front().native()))
        .with_hint("build or install encamp completely");
  }
}

}  // namespace encamp
