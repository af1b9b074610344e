#include "src/settings.h"

#include <algorithm>
#include <string_view>

#include <unistd.h>

#include "engine/description/read.h"
#include "src/local_loader.h"
#include "src/tree_print.h"

namespace encamp {
namespace {

std::vector<Setting> of_environment() {
  constexpr std::string_view kPrefix = "ENCAMP_SET_";
  std::vector<Setting> settings;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    if (!text.starts_with(kPrefix) || equals == std::string_view::npos)
      continue;
    settings.push_back({.name = std::string(text.substr(kPrefix.size(), equals - kPrefix.size())),
                        .value = std::string(text.substr(equals + 1)),
                        .from = Setting::From::Variable});
  }
  return settings;
}

void add_file(const std::string& path, std::vector<Setting>& settings, Diagnostics& diagnostics) {
  std::string text = read_text(path, ReadBudget().bytes + 1);
  Diagnostics found;
  const std::optional<Tree> tree =
      read_tree(std::make_shared<const SourceFile>(path, std::move(text)), found);
  for (Diagnostic diagnostic : found.all()) {
    if (diagnostic.code == "not-a-description") {
      if (!diagnostic.where)  // It is empty.
        continue;
      diagnostic.code = "wrong-type";
      diagnostic.summary = "a file of parameters is a mapping, 'name: value'";
    }
    diagnostics.add(std::move(diagnostic));
  }
  if (!tree)
    return;
  for (const Tree::Entry& entry : tree->entries) {
    if (entry.key.starts_with("x-"))
      continue;
    Setting setting{.name = entry.key,
                    .value = entry.value.is_scalar() ? entry.value.text : to_json(entry.value),
                    .from = Setting::From::File,
                    .tree = entry.value,
                    .key = entry.where};
    std::erase(setting.value, '\n');
    settings.push_back(std::move(setting));
  }
}

// `workers=3` or `motd=@./motd.txt`, of which the last newline does not count, as of a command's
// output.
Setting of_option(const std::string& written) {
  const std::size_t equals = written.find('=');
  Setting setting{.name = written.substr(0, equals), .value = written.substr(equals + 1)};
  if (setting.value.starts_with('@')) {
    setting.value = read_text(setting.value.substr(1), ReadBudget().bytes);
    if (setting.value.ends_with('\n'))
      setting.value.pop_back();
  }
  return setting;
}

}  // namespace

std::vector<Setting> read_settings(const SiteOptions& site, Diagnostics& diagnostics) {
  std::vector<Setting> settings = of_environment();
  for (const std::string& file : site.parameters)
    add_file(file, settings, diagnostics);
  for (const std::string& option : site.settings)
    settings.push_back(of_option(option));
  return settings;
}

}  // namespace encamp
