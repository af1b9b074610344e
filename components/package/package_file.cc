#include "components/package/package_file.h"

#include <memory>
#include <optional>

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include "engine/error.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

constexpr std::size_t kLongestControl = 4 << 20;

// The members of an archive in memory, which must outlive it.
class Members {
 public:
  Members(std::string_view bytes, int format) : archive_(archive_read_new()) {
    archive_read_support_filter_all(archive_.get());
    archive_read_support_format_by_code(archive_.get(), format);
    is_open_ = archive_read_open_memory(archive_.get(), bytes.data(), bytes.size()) == ARCHIVE_OK;
  }

  // The bytes of the first member whose name `is_wanted`.
  template <typename Wanted>
  std::optional<std::string> find(const Wanted& is_wanted) {
    archive_entry* entry = nullptr;
    while (is_open_ && archive_read_next_header(archive_.get(), &entry) == ARCHIVE_OK) {
      const char* name = archive_entry_pathname(entry);
      if (name != nullptr && is_wanted(std::string_view(name)))
        return content();
    }
    return std::nullopt;
  }

 private:
  struct Free {
    void operator()(archive* it) const { archive_read_free(it); }
  };

  std::optional<std::string> content() {
    std::string all;
    char piece[16384];
    while (true) {
      const la_ssize_t count = archive_read_data(archive_.get(), piece, sizeof piece);
      if (count == 0)
        return all;
      if (count < 0 || all.size() > kLongestControl)
        return std::nullopt;
      all.append(piece, static_cast<std::size_t>(count));
    }
  }

  std::unique_ptr<archive, Free> archive_;
  bool is_open_ = false;
};

bool is_word(const std::string& text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "0123456789.+-~:_") == std::string::npos;
}

}  // namespace

LocalPackage read_package_file(const std::string& path, std::string_view bytes) {
  const auto refuse = [&](const std::string& why) {
    return Error(ErrorKind::Failed, fmt::format("'{}' is no Debian package: {}", path, why));
  };
  if (!bytes.starts_with("!<arch>\ndebian-binary"))
    throw refuse("it does not begin like one");
  const std::optional<std::string> tar =
      Members(bytes, ARCHIVE_FORMAT_AR).find([](std::string_view name) {
        return name.starts_with("control.tar");
      });
  if (!tar)
    throw refuse("it has no 'control.tar'");
  std::optional<std::string> control =
      Members(*tar, ARCHIVE_FORMAT_TAR).find([](std::string_view name) {
        return name == "./control" || name == "control";
      });
  if (!control)
    throw refuse("it has no 'control'");
  while (control->ends_with('\n'))
    control->pop_back();
  *control += '\n';
  LocalPackage package{.path = path,
                       .digest = sha256(bytes),
                       .name = control_field(*control, "Package"),
                       .version = control_field(*control, "Version"),
                       .architecture = control_field(*control, "Architecture"),
                       .control = std::move(*control),
                       .size = Bytes{static_cast<std::int64_t>(bytes.size())}};
  for (const auto& [key, value] :
       {std::pair{"Package", &package.name}, std::pair{"Version", &package.version},
        std::pair{"Architecture", &package.architecture}}) {
    if (!is_word(*value))
      throw refuse(fmt::format("its control file has no '{}'", key));
  }
  return package;
}

std::string own_architecture_name() {
#if defined(__aarch64__)
  return "arm64";
#elif defined(__i386__)
  return "i386";
#else
  return "amd64";
#endif
}

}  // namespace encamp
