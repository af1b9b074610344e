#include "src/workshop_sources.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "src/local_file.h"

namespace encamp {
namespace {

std::vector<std::string> words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> all;
  for (std::string word; stream >> word;)
    all.push_back(word);
  return all;
}

// `[signed-by=/a arch=amd64]`
std::string signed_by_of(const std::string& options) {
  for (const std::string& option : words(options)) {
    if (option.starts_with("signed-by="))
      return option.substr(10);
  }
  return {};
}

void add_stanza(const std::map<std::string, std::string>& stanza, std::vector<AptSource>& all) {
  const auto field = [&](const char* name) {
    const auto found = stanza.find(name);
    return found == stanza.end() ? std::string() : found->second;
  };
  if (field("enabled") == "no" || field("enabled") == "false")
    return;
  if (const auto types = words(field("types")); std::ranges::find(types, "deb") == types.end())
    return;
  std::string key = field("signed-by");
  if (!key.starts_with('/'))
    key.clear();  // A key in the file itself.
  for (const std::string& uri : words(field("uris"))) {
    for (const std::string& suite : words(field("suites")))
      all.push_back({uri, suite, words(field("components")), key});
  }
}

bool is_of(const AptSource& source, const std::string& release) {
  return (source.suite == release || source.suite.starts_with(release + "-") ||
          source.suite.starts_with(release + "/")) &&
         std::ranges::find(source.components, "main") != source.components.end();
}

}  // namespace

std::string to_line(const AptSource& source) {
  const std::string options =
      source.signed_by.empty() ? "" : fmt::format("[signed-by={}] ", source.signed_by);
  return fmt::format("deb {}{} {} {}", options, source.uri, source.suite,
                     fmt::join(source.components, " "));
}

std::vector<AptSource> parse_source_lines(std::string_view text) {
  std::vector<AptSource> all;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    line = line.substr(0, line.find('#'));
    std::string options;
    const std::size_t open = line.find('[');
    const std::size_t close = line.find(']');
    if (open != std::string::npos && close != std::string::npos && open < close) {
      options = line.substr(open + 1, close - open - 1);
      line.erase(open, close - open + 1);
    }
    const std::vector<std::string> parts = words(line);
    if (parts.size() >= 4 && parts[0] == "deb")
      all.push_back({parts[1], parts[2], {parts.begin() + 3, parts.end()}, signed_by_of(options)});
  }
  return all;
}

std::vector<AptSource> parse_source_stanzas(std::string_view text) {
  std::vector<AptSource> all;
  std::map<std::string, std::string> stanza;
  std::string field;
  std::istringstream stream{std::string(text)};
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('#'))
      continue;
    if (line.find_first_not_of(" \t\r") == std::string::npos) {
      add_stanza(stanza, all);
      stanza.clear();
      continue;
    }
    if (line.front() == ' ' || line.front() == '\t') {
      stanza[field] += line;
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos)
      continue;
    field = line.substr(0, colon);
    std::ranges::transform(field, field.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t value = line.find_first_not_of(" \t", colon + 1);
    stanza[field] = value == std::string::npos ? "" : line.substr(value);
  }
  add_stanza(stanza, all);
  return all;
}

std::vector<AptSource> read_sources(const std::filesystem::path& apt) {
  std::vector<std::filesystem::path> files{apt / "sources.list"};
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(apt / "sources.list.d", error))
    files.push_back(entry.path());
  std::ranges::sort(files);
  std::vector<AptSource> all;
  for (const std::filesystem::path& file : files) {
    const bool stanzas = file.extension() == ".sources";
    if ((!stanzas && file.extension() != ".list") || !std::filesystem::exists(file, error))
      continue;
    const std::string text = read_whole_file(file);
    for (AptSource& source : stanzas ? parse_source_stanzas(text) : parse_source_lines(text))
      all.push_back(std::move(source));
  }
  return all;
}

std::vector<AptSource> sources_for(const std::string& release, const std::string& mirror,
                                   const std::vector<AptSource>& known,
                                   const std::string& own_release) {
  if (!mirror.empty())
    return {{mirror, release, {"main"}, ""}};
  std::vector<AptSource> chosen;
  for (const AptSource& source : known) {
    if (is_of(source, release))
      chosen.push_back(source);
  }
  if (!chosen.empty() || own_release.empty())
    return chosen;
  for (AptSource source : known) {
    if (!is_of(source, own_release))
      continue;
    source.suite.replace(0, own_release.size(), release);
    chosen.push_back(source);
  }
  return chosen;
}

}  // namespace encamp
