// Every wrong file under tests/golden/diagnostics/ beside what is said about it.
#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

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

  const test::Described described =
      test::describe(GetParam() + ".yaml", text, test::typed_registry());

  EXPECT_FALSE(described.site);
  for (const Diagnostic& diagnostic : described.diagnostics.all()) {
    EXPECT_NE(documentation().find("`" + diagnostic.code + "`"), std::string::npos)
        << diagnostic.code << " is not in docs/diagnostics.md";
  }
  test::expect_golden(name + ".txt", described.messages());
}

std::string test_name(const testing::TestParamInfo<std::string>& wrong_file) {
  std::string name = wrong_file.param;
  std::ranges::replace(name, '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Diagnostics, WrongFile, testing::ValuesIn(wrong_files()), test_name);

}  // namespace
}  // namespace encamp
