// An installed encamp finds its own files, wherever it lies.
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "tests/support/run_program.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

TEST(Installation, RunsFromWhereverItLies) {
  std::string name = (fs::temp_directory_path() / "encamp-install-XXXXXX").native();
  const fs::path folder = mkdtemp(name.data());
  const test::ProgramResult installed = test::run_program(
      {ENCAMP_CMAKE, "--install", ENCAMP_BUILD_DIR, "--prefix", (folder / "first").native()});
  ASSERT_EQ(installed.exit, 0) << installed.out << installed.err;

  for (const char* place : {"first", "second"}) {
    if (std::string(place) == "second")
      fs::rename(folder / "first", folder / "second");
    const fs::path prefix = folder / place;
    const std::string program = (prefix / "bin/encamp").native();

    const test::ProgramResult version = test::run_program({program, "--version"});
    const test::ProgramResult check = test::run_program(
        {program, "check", (prefix / "share/encamp/examples/hello.yaml").native()});

    EXPECT_EQ(version.exit, 0) << version.err;
    EXPECT_EQ(version.out, "encamp " ENCAMP_VERSION "\n");
    EXPECT_EQ(check.exit, 0) << check.err;
    EXPECT_TRUE(fs::exists(prefix / ENCAMP_LIBDIR / "encamp/encamp-init"));
    EXPECT_FALSE(fs::is_empty(prefix / ENCAMP_LIBDIR / "encamp/components"));
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace encamp
