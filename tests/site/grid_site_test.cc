// A grid site on real guests. Deploying it takes longer than what is asked of it, so one site is
// led through everything that can happen to it.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/site/census.h"
#include "tests/site/program.h"

namespace encamp::test {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

std::string with(std::string text, const std::string& before, const std::string& added) {
  const std::size_t place = text.find(before);
  EXPECT_NE(place, std::string::npos) << before;
  return place == std::string::npos ? text : text.insert(place, added);
}

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
  Result on(const std::string& node, const std::string& command) const {
    return encamp({"ssh", name, node, command});
  }
  Result as_alice(const std::string& node, const std::string& command) const {
    return on(node, "su - alice -c '" + command + "' 2>&1");
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "g-" + std::to_string(getpid());
};

// The site of the example for another VO, with a second user interface that is a machine. A worker
// dies under its jobs, workers are added, and then all tests of the file hold.
TEST_F(GridSite, HoldsThroughAllThatHappensToIt) {
  std::ostringstream text;
  text << std::ifstream(example("grid-in-a-box.yaml")).rdbuf();
  const fs::path file = program->write(
      "grid.yaml",
      with(text.str(), "\nchecks:",
           "  desk:\n    extends: [member, grid.user-interface]\n    isolation: vm\n"
           "    members: ${{ resources.person }}\n"
           "    strangers: ${{ resources.stranger }}\n    revoked: ${{ resources.leaver }}\n"
           "    compute_element: ${{ nodes.ce }}\n    storage_element: ${{ nodes.se }}\n"
           "    myproxy: ${{ nodes.voms }}\n    information_system: ${{ nodes.bdii }}\n"
           "    tests: null\n"));
  const std::vector<std::string> other{"--set", "vo=other"};
  const Result made = up(file, other);
  ASSERT_EQ(made.exit, 0) << made.output;

  // From the machine: its user's files and clients are as good as in a container.
  const Result from_machine =
      as_alice("desk", "voms-proxy-init -voms other >/dev/null && grid-job hello.xrsl");
  EXPECT_THAT(from_machine.output, HasSubstr("user=other001")) << from_machine.output;
  EXPECT_EQ(on("desk", "systemd-detect-virt --container").output, "none\n");

  // Three jobs that run until they are told to end take slots of both workers, and one worker dies.
  // Its job is lost, for A-REX's jobs are not to be run twice; those of the other one go on.
  on("ui",
     "echo '&(executable=\"/bin/sh\")(arguments=\"-c\" \"until test -e /var/tmp/go; do sleep 0.5; "
     "done\")(queue=\"grid\")(jobname=\"patient\")(walltime=\"10 minutes\")' > /tmp/patient.xrsl");
  ASSERT_EQ(as_alice("ui", "arcproxy >/dev/null && cd && for i in 1 2 3; do arcsub -C ce." + name +
                               ".test -T arcrest -j jobs /tmp/patient.xrsl; done")
                .exit,
            0);
  const Result busy = on("ce",
                         "timeout 60 sh -c 'until [ \"$(squeue -h -t R -o %N | sort -u | wc -l)\" "
                         "= 2 ]; do sleep 0.2; done'; squeue");
  ASSERT_THAT(busy.output, HasSubstr("worker-2")) << busy.output;
  ASSERT_EQ(run({"virsh", "-c", "lxc:///system", "destroy", "encamp." + name + ".worker-2"}).exit,
            0);
  const Result healed = up(file, {"--observe", "--set", "vo=other"});
  EXPECT_EQ(healed.exit, 0) << healed.output;
  EXPECT_THAT(healed.output, HasSubstr("nodes.worker-2"));
  EXPECT_THAT(healed.output, Not(HasSubstr("nodes.worker-1")));
  for (const char* worker : {"worker-1", "worker-2"})
    on(worker, "touch /var/tmp/go");
  const Result ended =
      as_alice("ui",
               "cd; for i in $(seq 240); do arcstat -a -j jobs > states 2>/dev/null; "
               "[ $(grep -c \"State: Finished\" states) != 2 ] || break; sleep 0.5; done; "
               "echo finished=$(grep -c \"State: Finished\" states); cat states");
  EXPECT_THAT(ended.output, HasSubstr("finished=2\n"))
      << ended.output << on("ce", "sinfo; squeue").output;

  // What Slurm still has of the lost job would take a slot from those that are to run together.
  const Result idle = on("ce",
                         "scancel --name=patient; timeout 60 sh -c 'until [ -z \"$(squeue -h)\" ]; "
                         "do sleep 0.2; done' || squeue");
  EXPECT_EQ(idle.output, "");

  // Two more workers, in place; and everything that the file promises.
  const Result grown = up(file, {"--set", "vo=other", "--set", "workers=4"});
  EXPECT_EQ(grown.exit, 0) << grown.output;
  EXPECT_THAT(grown.output, HasSubstr("+ nodes.worker-4 created"));
  EXPECT_THAT(grown.output, Not(HasSubstr("nodes.worker-1 replaced")));
  const Result tested = encamp({"test", "--on", name});
  EXPECT_EQ(tested.exit, 0) << tested.output;
  EXPECT_THAT(tested.output, HasSubstr("ok nodes.ui.tests.jobs-run-on-all-workers-at-once"));
}

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
