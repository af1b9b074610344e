// The examples on real guests: from one file to a running site and away again.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/site/census.h"
#include "tests/site/program.h"

namespace encamp::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

/// Whatever a test does, the machine is as before when it ends.
class Site : public ::testing::Test {
 protected:
  ~Site() override {
    if (HasFatalFailure())
      (*program)({"down", name, "--yes"});
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments, std::chrono::seconds deadline = 240s) const {
    return (*program)(std::move(arguments), deadline);
  }
  Result up(const std::filesystem::path& file) const {
    return encamp({"up", file, "--name", name, "--yes"});
  }
  Result on_node(const std::string& command) const {
    return encamp({"ssh", name, "node", command});
  }

  /// hello with other software, memory or tests: what `text` says of the node.
  std::filesystem::path site(const std::string& node, const std::string& rest = "") const {
    return program->write("site.yaml",
                          "encamp: 1\nsite: hello\nnetworks: {lan: {}}\n"
                          "images: {debian: {debian: bookworm}}\nnodes:\n  node:\n"
                          "    memory: 256 MiB\n    disk: 512 MiB\n" +
                              node + rest);
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "t-" + std::to_string(getpid());
};

TEST_F(Site, IsTestedAndGoneAgain) {
  const Result result = encamp({"test", example("hello.yaml")}, 600s);

  EXPECT_EQ(result.exit, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("page"));
  EXPECT_FALSE(std::filesystem::exists(program->state() / "deployments") &&
               !std::filesystem::is_empty(program->state() / "deployments"));
}

TEST_F(Site, IsTestedAsAMachine) {
  const Result result = encamp({"test", example("virtual-machine.yaml")}, 600s);

  EXPECT_EQ(result.exit, 0) << result.output;
}

TEST_F(Site, OfTwoNodesKnowsBoth) {
  const Result result = encamp({"test", example("pair.yaml")}, 600s);

  EXPECT_EQ(result.exit, 0) << result.output;
}

TEST_F(Site, StandsUntilItIsTakenDown) {
  const Result first = up(example("hello.yaml"));
  ASSERT_EQ(first.exit, 0) << first.output;

  const Result second = up(example("hello.yaml"));
  EXPECT_EQ(second.exit, 0);
  EXPECT_THAT(second.output, HasSubstr("Nothing to do"));
  EXPECT_EQ(encamp({"plan", example("hello.yaml"), "--name", name, "--exit-code"}).exit, 0);
  EXPECT_THAT(encamp({"list"}).output, HasSubstr(name));
  EXPECT_THAT(encamp({"status", name}).output, HasSubstr("nodes.node"));
  EXPECT_THAT(encamp({"output", name, "url"}).output, ContainsRegex("^http://10\\.[0-9.]+/\n$"));
  EXPECT_THAT(on_node("hostname -f").output, HasSubstr("node." + name + ".test"));
  EXPECT_THAT(on_node("getent hosts node").output, HasSubstr("node." + name + ".test"));
  EXPECT_EQ(on_node("exit 7").exit, 7);
  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);
  EXPECT_THAT(encamp({"logs", name}).output, HasSubstr("nodes.node"));

  const Result down = encamp({"down", name, "--yes"});
  EXPECT_EQ(down.exit, 0) << down.output;
  EXPECT_THAT(encamp({"list"}).output, Not(HasSubstr(name)));
}

TEST_F(Site, HoldsMemoryAndDisk) {
  ASSERT_EQ(up(site("    software: []\n")).exit, 0);

  // 256 MiB of memory: a process that takes 400 dies inside, and the node goes on.
  EXPECT_NE(on_node("perl -e '$x = q(a) x (400 << 20)'").exit, 0);
  const Result full = on_node("dd if=/dev/zero of=/root/big bs=1M count=900; sync");
  EXPECT_THAT(full.output, HasSubstr("No space left on device"));
  EXPECT_EQ(on_node("rm /root/big; true").exit, 0);
  EXPECT_THAT(on_node("cat /proc/self/cgroup").output, Not(HasSubstr("libvirt")));
}

TEST_F(Site, IsGoneAfterAKillAtAnyMoment) {
  ASSERT_EQ(up(example("hello.yaml")).exit, 0);  // The image is there.
  ASSERT_EQ(encamp({"down", name, "--yes"}).exit, 0);

  for (const std::chrono::milliseconds moment : {20ms, 80ms, 150ms, 250ms, 400ms, 600ms, 900ms}) {
    const pid_t process = program->start({"up", example("hello.yaml"), "--name", name, "--yes"});
    std::this_thread::sleep_for(moment);
    kill(process, SIGKILL);
    Program::finish(process, 10s);

    // Before its first transaction there is no deployment to take down.
    const bool begun = std::filesystem::exists(program->state() / "deployments" / name);
    const Result down = encamp({"down", name, "--yes"});
    EXPECT_EQ(down.exit, begun ? 0 : 2) << moment.count() << " ms: " << down.output;
    EXPECT_EQ(left_over(before, take_census()), "") << "killed after " << moment.count() << " ms";
  }
}

TEST_F(Site, IsGoneAfterAKilledDown) {
  for (const std::chrono::milliseconds moment : {30ms, 150ms, 400ms, 700ms}) {
    ASSERT_EQ(up(example("hello.yaml")).exit, 0);
    const pid_t process = program->start({"down", name, "--yes"});
    std::this_thread::sleep_for(moment);
    kill(process, SIGKILL);
    Program::finish(process, 10s);

    if (std::filesystem::exists(program->state() / "deployments" / name)) {
      EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
    }
    EXPECT_EQ(left_over(before, take_census()), "") << "killed after " << moment.count() << " ms";
  }
}

TEST_F(Site, ContinuesAfterAKill) {
  const pid_t process = program->start({"up", example("hello.yaml"), "--name", name, "--yes"});
  std::this_thread::sleep_for(500ms);
  kill(process, SIGKILL);
  Program::finish(process, 10s);

  EXPECT_EQ(up(example("hello.yaml")).exit, 0);
  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Site, EndsByControlCAndSaysHowToGoOn) {
  const pid_t process = program->start({"up", example("hello.yaml"), "--name", name, "--yes"});
  std::this_thread::sleep_for(400ms);
  kill(process, SIGINT);
  const Result result = Program::finish(process, 20s);

  EXPECT_EQ(result.exit, 130) << result.output;
  EXPECT_THAT(result.output, HasSubstr("encamp down " + name));
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Site, UnderTestIsRemovedByControlC) {
  const auto file = site("    software: []\n", "tests:\n  long: {node: node, run: sleep 60}\n");
  const pid_t process = program->start({"test", file});
  std::this_thread::sleep_for(3s);
  kill(process, SIGINT);
  const Result result = Program::finish(process, 40s);

  EXPECT_EQ(result.exit, 130) << result.output;
  EXPECT_EQ(left_over(before, take_census()), "");
}

TEST_F(Site, WithAFailedTestLeavesEvidence) {
  const auto file =
      site("    software: []\n",
           "tests:\n  wrong: {node: node, run: echo seen, expect: {output: wanted}}\n");
  const Result result = encamp({"test", file});

  EXPECT_EQ(result.exit, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("seen"));
  EXPECT_THAT(result.output, HasSubstr("wanted"));
  EXPECT_EQ(left_over(before, take_census()), "");
  const std::string last =
      result.output.substr(result.output.rfind('\n', result.output.size() - 2) + 1);
  const std::filesystem::path folder =
      last.substr(last.find('/'), last.find_last_not_of("\n") + 1 - last.find('/'));
  EXPECT_TRUE(std::filesystem::is_directory(folder)) << last;
}

TEST_F(Site, WithAFailedTestIsKeptOnRequest) {
  const auto file = site("    software: []\n", "tests:\n  no: {node: node, run: 'false'}\n");
  const Result result = encamp({"test", file, "--keep", "on-failure"});

  EXPECT_EQ(result.exit, 3) << result.output;
  EXPECT_THAT(result.output, HasSubstr("encamp ssh "));
  EXPECT_THAT(result.output, HasSubstr("encamp down "));
}

TEST_F(Site, NamesAPackageThatDoesNotExist) {
  const Result result = up(site("    software: [{package: nginxx-light}]\n"));

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr("nginxx-light"));
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Site, ShowsTheOutputOfAFailingCommand) {
  const Result result =
      up(site("    software: [{command: 'echo it is broken; exit 3', name: breaks}]\n"));

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr("nodes.node.software.breaks"));
  EXPECT_THAT(result.output, HasSubstr("it is broken"));
  EXPECT_THAT(result.output, HasSubstr("encamp ssh " + name + " node"));
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Site, SaysWhatAServiceThatNeverGetsReadyLacks) {
  const Result result =
      up(site("    software:\n      - package: [nginx-light, curl]\n"
              "      - {service: nginx, ready: {port: 81, timeout: 1 s}}\n"));

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr("port 81"));
  EXPECT_THAT(result.output, HasSubstr("nginx"));
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Site, RefusesAChangedHostKey) {
  ASSERT_EQ(up(site("    software: []\n")).exit, 0);
  ASSERT_EQ(on_node("rm /etc/ssh/ssh_host_ed25519_key; ssh-keygen -q -t ed25519 -N '' -f "
                    "/etc/ssh/ssh_host_ed25519_key; systemctl restart ssh")
                .exit,
            0);

  const Result result = up(site("    software: [{command: 'true'}]\n"));

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr("host key"));
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
}

TEST_F(Site, IsRefusedWithFiguresWhereThereIsNoRoom) {
  const auto file = program->write(
      "big.yaml",
      "encamp: 1\nsite: big\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n"
      "nodes: {node: {memory: 900 GiB, disk: 1 GiB}}\n");
  const Result result = up(file);

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr("900.0 GiB of memory wanted"));
  EXPECT_EQ(left_over(before, take_census()), "");
}

TEST_F(Site, SaysHowToStartALibvirtdThatIsNotThere) {
  const auto hosts = program->write(
      "hosts.yaml", "here: {connect: ['lxc+unix:///system?socket=/nonexistent/libvirt-sock']}\n");
  const Result result =
      encamp({"up", "--hosts", hosts, example("hello.yaml"), "--name", name, "--yes"});

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr("encamp doctor"));
}

TEST_F(Site, SaysThatTheStateDirectoryIsFull) {
  const std::filesystem::path full = program->state() / "full";
  std::filesystem::create_directory(full);
  ASSERT_EQ(run({"mount", "-t", "tmpfs", "-o", "size=64k", "encamp-test", full}).exit, 0);
  run({"dd", "if=/dev/zero", "of=" + (full / "filler").string(), "bs=4k", "count=100"});

  const Result result =
      encamp({"up", "--state", full, example("hello.yaml"), "--name", name, "--yes"});
  run({"umount", full});

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr(full.string()));
  EXPECT_EQ(left_over(before, take_census()), "");
}

/// Something on the host that encamp would call so, made by somebody else.
struct Foreign {
  std::string kind;  ///< As virsh calls it: `net-`, `pool-`, or nothing for a domain.
  std::string name;
  std::string xml;
};

class SiteBesideForeign : public Site {
 protected:
  Result virsh(const std::string& command, const std::string& argument) const {
    return run({"virsh", "-q", "-c", "lxc:///system", command, argument});
  }

  void expect_untouched(const Foreign& foreign) const {
    const auto xml = program->write("foreign.xml", foreign.xml);
    ASSERT_EQ(virsh(foreign.kind + "define", xml).exit, 0);
    const std::string was = virsh(foreign.kind + "dumpxml", foreign.name).output;

    const Result result = up(example("hello.yaml"));
    const Result down = encamp({"down", name, "--yes"});
    const std::string is = virsh(foreign.kind + "dumpxml", foreign.name).output;
    virsh(foreign.kind + "undefine", foreign.name);

    EXPECT_EQ(result.exit, 1);
    EXPECT_THAT(result.output, HasSubstr("'" + foreign.name + "'"));
    EXPECT_EQ(down.exit, 0) << down.output;
    EXPECT_EQ(is, was);
  }
};

TEST_F(SiteBesideForeign, LeavesANetworkOfItsName) {
  const std::string foreign = "encamp." + name + ".lan";
  expect_untouched(
      {"net-", foreign,
       "<network><name>" + foreign + "</name><ip address='10.99.7.1' prefix='24'/></network>"});
}

TEST_F(SiteBesideForeign, LeavesAPoolOfItsName) {
  const std::string foreign = "encamp." + name;
  expect_untouched({"pool-", foreign,
                    "<pool type='dir'><name>" + foreign + "</name><target><path>" +
                        program->state().string() + "</path></target></pool>"});
}

TEST_F(SiteBesideForeign, LeavesAGuestOfItsName) {
  const std::string foreign = "encamp." + name + ".node";
  expect_untouched({"", foreign,
                    "<domain type='lxc'><name>" + foreign +
                        "</name><memory unit='MiB'>64</memory><os><type>exe</type>"
                        "<init>/bin/true</init></os></domain>"});
}

TEST_F(Site, WithMistakesCreatesNothing) {
  const auto file =
      site("    sofware: []\n    image: debain\n", "outputs: {a: '${{ nodes.nod.address }}'}\n");
  const Result result = up(file);

  EXPECT_EQ(result.exit, 2);
  EXPECT_THAT(result.output, HasSubstr("sofware"));
  EXPECT_THAT(result.output, HasSubstr("debain"));
  EXPECT_THAT(result.output, HasSubstr("nodes.nod"));
  EXPECT_EQ(left_over(before, take_census()), "");
}

}  // namespace
}  // namespace encamp::test
