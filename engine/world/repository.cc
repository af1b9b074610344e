#include "engine/world/repository.h"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace encamp {
namespace {

// Text of several lines as a field has it: each begins with a blank, an empty one is a point.
std::string folded(const std::string& text) {
  std::string all;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    all += "\n " + (line.empty() ? "." : line);
  return all;
}

}  // namespace

Repository repository_of(const Properties& properties) {
  return {.name = text_of(properties, "name"),
          .url = text_of(properties, "url"),
          .suites = texts_of(properties, "suites"),
          .components = texts_of(properties, "components"),
          .key = text_of(properties, "key")};
}

std::string path_of(const Repository& repository) {
  return fmt::format("/etc/apt/sources.list.d/encamp-{}.sources", repository.name);
}

std::string to_sources(const Repository& repository) {
  const bool is_flat = std::ranges::any_of(
      repository.suites, [](const std::string& suite) { return suite.ends_with('/'); });
  std::string text = fmt::format("Types: deb\nURIs: {}\nSuites: {}\n", repository.url,
                                 fmt::join(repository.suites, " "));
  if (!repository.components.empty())
    text += fmt::format("Components: {}\n", fmt::join(repository.components, " "));
  else if (!is_flat)
    text += "Components: main\n";
  if (repository.key.starts_with("-----BEGIN"))
    text += "Signed-By:" + folded(repository.key) + "\n";
  else if (!repository.key.empty())
    text += fmt::format("Signed-By: {}\n", repository.key);
  return text;
}

}  // namespace encamp
