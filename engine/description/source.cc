#include "engine/description/source.h"

#include <algorithm>

namespace encamp {

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
  if (text_.starts_with("\xEF\xBB\xBF"))
    text_.erase(0, 3);
  line_starts_.push_back(0);
  for (std::size_t i = 0; i < text_.size(); ++i) {
    if (text_[i] == '\n')
      line_starts_.push_back(i + 1);
  }
}

std::string_view SourceFile::line(int number) const {
  const auto index = static_cast<std::size_t>(number - 1);
  if (number < 1 || index >= line_starts_.size())
    return {};
  const std::size_t begin = line_starts_[index];
  const std::size_t end =
      index + 1 < line_starts_.size() ? line_starts_[index + 1] - 1 : text_.size();
  const std::string_view line = std::string_view(text_).substr(begin, end - begin);
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

std::pair<int, int> SourceFile::position(std::size_t offset) const {
  const auto next = std::ranges::upper_bound(line_starts_, offset);
  const std::size_t start = *std::prev(next);
  return {static_cast<int>(next - line_starts_.begin()), static_cast<int>(offset - start) + 1};
}

Span span_at(const std::shared_ptr<const SourceFile>& file, std::size_t offset,
             std::size_t length) {
  const auto [line, column] = file->position(std::min(offset, file->text().size()));
  const auto rest = static_cast<int>(file->line(line).size()) - column + 1;
  const auto wanted = static_cast<int>(std::min(length, file->text().size()));
  return {file, line, column, std::max(1, std::min(wanted, rest))};
}

}  // namespace encamp
