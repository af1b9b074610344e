#include "src/installation.h"

#include <cstdlib>
#include <fstream>

#include <gtest/gtest.h>

namespace encamp {
namespace {

namespace fs = std::filesystem;

class InstallationTest : public testing::Test {
 protected:
  InstallationTest() {
    std::string name = (fs::temp_directory_path() / "encamp-installation-XXXXXX").native();
    root_ = mkdtemp(name.data());
  }
  ~InstallationTest() override { fs::remove_all(root_); }

  fs::path root_;
};

TEST_F(InstallationTest, IsFoundRelativeToTheInstalledProgram) {
  const Installation found = find_installation(root_ / "bin/encamp", "");

  ASSERT_EQ(found.components.size(), 1U);
  EXPECT_TRUE(found.components[0].native().ends_with("/encamp/components"));
  EXPECT_TRUE(found.components[0].native().starts_with(root_.native()));
  EXPECT_EQ(found.data, root_ / "share/encamp");
}

TEST_F(InstallationTest, IsFoundInABuildTree) {
  std::ofstream(root_ / "CMakeCache.txt") << "";

  const Installation found = find_installation(root_ / "src/encamp", "/a::/b c");

  EXPECT_EQ(found.components, (std::vector<fs::path>{root_ / "components", "/a", "/b c"}));
}

TEST(StateDirectory, IsTheOptionThenTheVariable) {
  setenv("ENCAMP_STATE", "/from/variable", 1);
  EXPECT_EQ(state_directory("/from/option"), "/from/option");
  EXPECT_EQ(state_directory(""), "/from/variable");
  unsetenv("ENCAMP_STATE");
}

TEST(HostsFile, IsNothingWhenTheUsualOneDoesNotExist) {
  setenv("XDG_CONFIG_HOME", "/does/not/exist", 1);
  EXPECT_EQ(hosts_file(""), "");
  EXPECT_EQ(hosts_file("/my/hosts.yaml"), "/my/hosts.yaml");
  unsetenv("XDG_CONFIG_HOME");
}

}  // namespace
}  // namespace encamp
