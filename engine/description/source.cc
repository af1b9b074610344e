#include "engine/description/source.h"

namespace encamp {

SourceFile::SourceFile(std::string name, std::string text)
    : name_(std::move(name)), text_(std::move(text)) {
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
  const std::string_view rest = std::string_view(text_).substr(line_starts_[index]);
  return rest.substr(0, rest.find('\n'));
}

}  // namespace encamp
