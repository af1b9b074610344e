#include "src/plugins.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "engine/component/plugin.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

// The plugins of tests/unit/plugins/, each copied into a folder of its own.
class PluginsTest : public testing::Test {
 protected:
  PluginsTest() {
    std::string name = (fs::temp_directory_path() / "encamp-plugins-XXXXXX").native();
    folder_ = mkdtemp(name.data());
  }
  ~PluginsTest() override { fs::remove_all(folder_); }

  void add(const std::string& plugin) {
    fs::copy_file(fs::path(ENCAMP_TEST_PLUGINS) / (plugin + ".so"), folder_ / (plugin + ".so"));
    ::chmod((folder_ / (plugin + ".so")).c_str(), 0644);
  }

  // What loading the folder fails with.
  Error error() {
    try {
      load_plugins({folder_}, "/proc/self/exe", registry_);
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {ErrorKind::Failed, ""};
  }

  fs::path folder_;
  Registry registry_;
};

TEST_F(PluginsTest, BringTheirComponents) {
  add("good_plugin");
  std::ofstream(folder_ / "README") << "not a plugin";

  load_plugins({folder_}, "/proc/self/exe", registry_);

  EXPECT_NE(registry_.find("good"), nullptr);
}

TEST_F(PluginsTest, AreRefusedWhenBuiltForAnotherEncamp) {
  add("wrong_abi_plugin");

  const Error refused = error();

  EXPECT_EQ(refused.kind(), ErrorKind::Conflict);
  EXPECT_NE(refused.detail().find("encamp-0.0 of long ago"), std::string::npos);
  EXPECT_NE(refused.detail().find(kAbi), std::string::npos);
  EXPECT_NE(refused.hint().find("build it again"), std::string::npos);
  EXPECT_TRUE(registry_.all().empty());
}

TEST_F(PluginsTest, AreRefusedWithoutTheFunction) {
  add("bad_plugin");

  EXPECT_NE(std::string(error().what()).find("it has no function 'encamp_plugin'"),
            std::string::npos);
}

TEST_F(PluginsTest, AreRefusedWhenTheyAreNoLibrary) {
  std::ofstream(folder_ / "text.so") << "not a library";

  EXPECT_EQ(error().kind(), ErrorKind::Failed);
}

TEST_F(PluginsTest, AreRefusedTwice) {
  add("good_plugin");
  fs::copy_file(folder_ / "good_plugin.so", folder_ / "same.so");

  const Error refused = error();

  EXPECT_EQ(refused.kind(), ErrorKind::Conflict);
  EXPECT_EQ(std::string(refused.what()), "there is a component 'good' already");
}

TEST_F(PluginsTest, AreNotLoadedFromAFolderThatOthersMayWrite) {
  add("good_plugin");
  ::chmod(folder_.c_str(), 0777);

  const Error refused = error();

  EXPECT_EQ(refused.kind(), ErrorKind::Denied);
  EXPECT_EQ(refused.hint(), "chmod go-w '" + folder_.native() + "'");
}

TEST_F(PluginsTest, AreNotLoadedWhenOthersMayWriteThem) {
  add("good_plugin");
  ::chmod((folder_ / "good_plugin.so").c_str(), 0664);

  EXPECT_EQ(error().kind(), ErrorKind::Denied);
}

TEST_F(PluginsTest, AreNotLoadedThroughALinkToAnOpenFolder) {
  const fs::path open = folder_ / "open";
  fs::create_directory(open);
  ::chmod(open.c_str(), 0777);
  fs::copy_file(fs::path(ENCAMP_TEST_PLUGINS) / "good_plugin.so", open / "good_plugin.so");
  fs::create_symlink(open / "good_plugin.so", folder_ / "link.so");

  EXPECT_EQ(error().kind(), ErrorKind::Denied);
}

TEST_F(PluginsTest, AreNotLoadedWhenSomebodyElseOwnsThem) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "only root can give files away";
  add("good_plugin");
  ASSERT_EQ(::chown((folder_ / "good_plugin.so").c_str(), 65534, 65534), 0);

  EXPECT_EQ(error().kind(), ErrorKind::Denied);
}

TEST_F(PluginsTest, MissingAreSaid) {
  EXPECT_EQ(error().kind(), ErrorKind::NotFound);
  EXPECT_THROW(load_plugins({folder_ / "none"}, "/proc/self/exe", registry_), Error);
}

}  // namespace
}  // namespace encamp
