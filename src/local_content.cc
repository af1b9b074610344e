#include "src/local_content.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"

namespace encamp {
namespace {

constexpr std::int64_t kPiece = 1 << 20;

[[noreturn]] void throw_read_error() {
  throw Error(ErrorKind::Failed,
              fmt::format("cannot read what was built: {}", std::system_category().message(errno)));
}

class FileContent : public Content {
 public:
  explicit FileContent(Descriptor file) : file_(std::move(file)) {
    struct stat state {};
    if (fstat(file_.get(), &state) != 0)
      throw_read_error();
    size_ = state.st_size;
  }

  Bytes size() const override { return {size_}; }

  std::optional<Extent> next() override {
    if (position_ >= data_end_ && !find_data())
      return std::nullopt;
    const std::int64_t wanted = std::min(kPiece, data_end_ - position_);
    buffer_.resize(static_cast<std::size_t>(wanted));
    const ssize_t count = pread(file_.get(), buffer_.data(), buffer_.size(), position_);
    if (count <= 0)
      throw_read_error();
    const Extent extent{position_, {buffer_.data(), static_cast<std::size_t>(count)}};
    position_ += count;
    return extent;
  }

 private:
  // Moves to the next data at or after the position; false when only a hole follows.
  bool find_data() {
    const off_t begin = lseek(file_.get(), position_, SEEK_DATA);
    if (begin < 0 && errno == ENXIO)
      return false;
    const off_t end = begin < 0 ? -1 : lseek(file_.get(), begin, SEEK_HOLE);
    if (end < 0)
      throw_read_error();
    position_ = begin;
    data_end_ = std::min<std::int64_t>(end, size_);
    return position_ < data_end_;
  }

  Descriptor file_;
  std::int64_t size_ = 0;
  std::int64_t position_ = 0;
  std::int64_t data_end_ = 0;  ///< Of the piece of data that `position_` is in.
  std::vector<char> buffer_;
};

class TextContent : public Content {
 public:
  explicit TextContent(std::string text) : text_(std::move(text)) {}

  Bytes size() const override { return {static_cast<std::int64_t>(text_.size())}; }

  std::optional<Extent> next() override {
    if (position_ >= text_.size())
      return std::nullopt;
    const std::string_view piece =
        std::string_view(text_).substr(position_, static_cast<std::size_t>(kPiece));
    const Extent extent{static_cast<std::int64_t>(position_), piece};
    position_ += piece.size();
    return extent;
  }

 private:
  std::string text_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<Content> make_file_content(Descriptor file) {
  return std::make_unique<FileContent>(std::move(file));
}

std::unique_ptr<Content> make_text_content(std::string text) {
  return std::make_unique<TextContent>(std::move(text));
}

}  // namespace encamp
