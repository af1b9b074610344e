// A grid site on real guests.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/site/census.h"
#include "tests/site/program.h"

namespace encamp::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

/// Whatever a test does, the machine is as before when it ends.
class GridSite : public ::testing::Test {
 protected:
  ~GridSite() override {
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments), 600s);
  }
  Result up(const fs::path& file, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"up", file, "--name", name, "--yes"});
    return encamp(std::move(more));
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "g-" + std::to_string(getpid());
};

// Its information provider is gone, so the slots are never published.
TEST_F(GridSite, SaysWhichComputeElementNeverPublishesAndWhereToLook) {
  const fs::path file = program->write("mute.yaml", R"(encamp: 1
site: mute
include: [grid/compute-element, grid/worker]
networks: {lan: {}}
volumes: {session: {size: 256 MiB}}
nodes:
  ce:
    extends: grid.compute-element
    vo: other
    voms: ce
    session: session
    patience: 10 s
    software:
      - command: chmod 0644 /usr/share/arc/CEinfo.pl
        name: breaks-it
        before: arc-arex-ws
  worker: {extends: grid.worker, controller: ce}
)");

  const Result result = up(file);

  EXPECT_EQ(result.exit, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("nodes.ce.software.arc-arex failed"));
  EXPECT_THAT(result.output, HasSubstr("not ready within 10 s"));
  EXPECT_THAT(result.output, HasSubstr("info.xml does not tell of 2 slots"));
  EXPECT_THAT(result.output, HasSubstr("/var/log/arc/infoprovider.log"));
}

}  // namespace
}  // namespace encamp::test
