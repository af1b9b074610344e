#include "src/private_folder.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "engine/error.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void denied(const fs::path& path) {
  throw Error(ErrorKind::Denied, fmt::format("cannot write '{}': {}", path.native(),
                                             std::generic_category().message(errno)));
}

}  // namespace

PrivateFolder::PrivateFolder() {
  const char* const runtime = std::getenv("XDG_RUNTIME_DIR");
  std::string pattern =
      (fs::path(runtime != nullptr && *runtime == '/' ? fs::path(runtime)
                                                      : fs::temp_directory_path()) /
       "encamp-XXXXXX")
          .native();
  if (::mkdtemp(pattern.data()) == nullptr)
    denied(pattern);
  path_ = pattern;
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string PrivateFolder::write(const std::string& name, std::string_view bytes) const {
  const fs::path path = path_ / name;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    denied(path);
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0) {
      ::close(file);
      denied(path);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  ::close(file);
  return path.native();
}

void require_program(const std::string& program, const std::string& package) {
  const char* const variable = std::getenv("PATH");
  const std::string path = variable != nullptr ? variable : "/usr/bin:/bin";
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    if (::access((fs::path(path.substr(begin, end - begin)) / program).c_str(), X_OK) == 0)
      return;
    begin = end + 1;
  }
  throw Error(ErrorKind::NotFound, fmt::format("there is no '{}' on this machine", program))
      .with_hint(fmt::format("apt-get install {}", package));
}

}  // namespace encamp
