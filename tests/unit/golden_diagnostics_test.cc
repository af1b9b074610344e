// Every wrong file under tests/golden/diagnostics/ beside what is said about it.
#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/graph/compile.h"
#include "tests/support/described.h"
#include "tests/support/golden.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

std::vector<std::string> wrong_files() {
  std::vector<std::string> names;
  const std::filesystem::path directory = std::filesystem::path(ENCAMP_GOLDEN_DIR) / "diagnostics";
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().extension() == ".yaml")
      names.push_back(entry.path().stem().string());
  }
  std::ranges::sort(names);
  return names;
}

/// What the wrong files may include, `included/a.yaml` as `a`, and files beside them.
test::MapLoader loader() {
  std::map<std::string, std::string> files;
  const std::filesystem::path directory =
      std::filesystem::path(ENCAMP_GOLDEN_DIR) / "diagnostics" / "included";
  for (const auto& entry : std::filesystem::directory_iterator(directory))
    files[(entry.path().extension() == ".yaml" ? "/library/" : "/site/") +
          entry.path().filename().string()] = test::text_of_file(entry.path());
  return test::MapLoader(std::move(files));
}

/// `# --set workers=100` at the beginning of a line is an option of the command line.
ResolveOptions options_in(const std::string& text) {
  ResolveOptions options;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string marker = "# --set ";
    const std::size_t equals = line.find('=');
    if (line.starts_with(marker) && equals != std::string::npos)
      options.settings.push_back(
          {line.substr(marker.size(), equals - marker.size()), line.substr(equals + 1)});
  }
  return options;
}

const std::string& documentation() {
  static const std::string kText =
      test::text_of_file(std::filesystem::path(ENCAMP_SOURCE_DIR) / "docs" / "diagnostics.md");
  return kText;
}

class WrongFile : public testing::TestWithParam<std::string> {};

TEST_P(WrongFile, IsToldWhatIsWrong) {
  const std::string name = "diagnostics/" + GetParam();
  const std::string text =
      test::text_of_file(std::filesystem::path(ENCAMP_GOLDEN_DIR) / (name + ".yaml"));

  const test::Described described = test::describe(
      GetParam() + ".yaml", text, test::typed_registry(), loader(), options_in(text));

  Diagnostics diagnostics = described.diagnostics;
  if (described.site) {  // What only the graph shows.
    compile(*described.site, test::typed_registry(), diagnostics);
    diagnostics.sort();
  }

  EXPECT_TRUE(diagnostics.has_errors());
  std::string messages;
  for (const Diagnostic& diagnostic : diagnostics.all()) {
    messages += render(diagnostic) + "\n";
    EXPECT_NE(documentation().find("`" + diagnostic.code + "`"), std::string::npos)
        << diagnostic.code << " is not in docs/diagnostics.md";
  }
  test::expect_golden(name + ".txt", messages);
}

std::string test_name(const testing::TestParamInfo<std::string>& wrong_file) {
  std::string name = wrong_file.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Diagnostics, WrongFile, testing::ValuesIn(wrong_files()), test_name);

}  // namespace
}  // namespace encamp
