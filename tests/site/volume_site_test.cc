// Volumes on real guests: what two containers share, what stays when one is replaced, and that
// nothing is left.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/site/census.h"
#include "tests/site/program.h"

namespace encamp::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class VolumeSite : public ::testing::Test {
 protected:
  ~VolumeSite() override {
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments), 170s);
  }
  /// Two nodes with a volume at /srv/a and one inside it; `more` is what the second has besides.
  std::filesystem::path site(const std::string& more) const {
    return program->write("volumes.yaml",
                          "encamp: 1\nsite: volumes\nnetworks: {lan: {}}\n"
                          "images: {debian: {debian: bookworm}}\n"
                          "volumes: {outer: {size: 1 GiB}, inner: {size: 1 GiB}}\nnodes:\n"
                          "  one:\n    memory: 128 MiB\n    disk: 512 MiB\n"
                          "    mounts: {/srv/a/in: inner, /srv/a: outer}\n"
                          "  two:\n    memory: 128 MiB\n    disk: 512 MiB\n"
                          "    mounts: {/srv/a: outer" +
                              more + "}\n");
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "v-" + std::to_string(getpid());
};

TEST_F(VolumeSite, OfTheExampleIsSharedAndGone) {
  const Result result = encamp({"test", example("shared-volume.yaml")});

  EXPECT_EQ(result.exit, 0) << result.output;
}

TEST_F(VolumeSite, OutlivesANodeAndGoesWithAllThatIsInIt) {
  ASSERT_EQ(encamp({"up", site(""), "--name", name, "--yes"}).exit, 0);
  ASSERT_EQ(encamp({"ssh", name, "one",
                    "mkdir -p /srv/a/x/y /srv/a/in/z; echo kept >/srv/a/x/y/file; "
                    "mkfifo /srv/a/x/pipe; ln -s /nowhere /srv/a/in/z/link"})
                .exit,
            0);

  const Result changed = encamp({"up", site(", /srv/more: inner"), "--name", name, "--yes"});
  const Result seen = encamp({"ssh", name, "two", "cat /srv/a/x/y/file; ls /srv/more/z"});
  const Result down = encamp({"down", name, "--yes"});

  EXPECT_THAT(changed.output, HasSubstr("-/+ nodes.two"));
  EXPECT_THAT(seen.output, HasSubstr("kept\nlink\n"));
  EXPECT_EQ(down.exit, 0) << down.output;
}

}  // namespace
}  // namespace encamp::test
