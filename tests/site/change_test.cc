// Sites that change while they stand: by their file, and behind encamp's back.
#include <algorithm>
#include <chrono>
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
class ChangedSite : public ::testing::Test {
 protected:
  ~ChangedSite() override {
    for (const std::string& each : {name, name + "-b"})
      (*program)({"down", each, "--yes"});
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments));
  }
  Result plan(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"plan", file, "--name", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return encamp(arguments);
  }
  Result up(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"up", file, "--name", name, "--yes"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return encamp(arguments);
  }
  std::string on(const std::string& node, const std::string& command) const {
    return encamp({"ssh", name, node, command}).output;
  }
  /// Another one after the node, or the service, was started again.
  std::string boot_of(const std::string& node) const { return on(node, "stat -c %Y /proc/1"); }
  std::string process_of(const std::string& node, const std::string& unit) const {
    return on(node, "systemctl show -p MainPID " + unit);
  }

  /// `nodes` as in a description, indented by two.
  void describe(const std::string& nodes, const std::string& rest = "") {
    file = program->write("site.yaml",
                          "encamp: 1\nsite: changed\nnetworks: {lan: {}}\n"
                          "images: {debian: {debian: bookworm}}\n" +
                              rest + "nodes:\n" + nodes);
  }

  /// A web server: its configuration names a port, and it restarts with it.
  static std::string server(const std::string& port) {
    return "  web:\n    memory: 256 MiB\n    disk: 1 GiB\n    software:\n"
           "      - package: [nginx-light, curl]\n"
           "      - file: /etc/nginx/conf.d/site.conf\n"
           "        content: \"server { listen " +
           port +
           "; root /srv; }\\n\"\n"
           "      - service: nginx\n        restarts_with: /etc/nginx/conf.d/\n"
           "        ready: {port: " +
           port + "}\n";
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "c-" + std::to_string(getpid());
  std::filesystem::path file;
};

TEST_F(ChangedSite, RewritesAChangedFileAndRestartsWhatRestartsWithIt) {
  describe(server("8080"));
  ASSERT_EQ(up().exit, 0);
  EXPECT_EQ(plan({"--exit-code"}).exit, 0);
  const std::string boot = boot_of("web");
  const std::string process = process_of("web", "nginx");

  describe(server("8081"));
  const Result planned = plan({"--exit-code"});
  EXPECT_EQ(planned.exit, 5) << planned.output;
  EXPECT_THAT(planned.output,
              HasSubstr("~ nodes.web.software['file /etc/nginx/conf.d/site.conf']"));
  EXPECT_THAT(planned.output, HasSubstr("restarts_with: (known later)"));
  EXPECT_THAT(planned.output, HasSubstr("Plan: 0 to add, 2 to change, 0 to remove."));
  const Result changed = up();

  EXPECT_EQ(changed.exit, 0) << changed.output;
  EXPECT_EQ(boot_of("web"), boot) << "in place";
  EXPECT_NE(process_of("web", "nginx"), process);
  EXPECT_EQ(encamp({"ssh", name, "web", "curl -s -o /dev/null http://localhost:8081/"}).exit, 0);
  EXPECT_THAT(up().output, HasSubstr("Nothing to do"));
  EXPECT_EQ(process_of("web", "nginx"), process_of("web", "nginx"));
}

TEST_F(ChangedSite, IsMendedAfterItWasChangedBehindOurBack) {
  describe(server("8080") +
           "  other:\n    memory: 128 MiB\n    disk: 256 MiB\n"
           "    software: [{file: /etc/motd, content: hello}]\n");
  ASSERT_EQ(up().exit, 0);
  EXPECT_THAT(up({"--observe"}).output, HasSubstr("Nothing to do"));
  const std::string process = process_of("web", "nginx");
  on("web", "echo '# edited' >>/etc/nginx/conf.d/site.conf; apt-get -qq -y purge curl");
  ASSERT_EQ(
      run({"virsh", "-q", "-c", "lxc:///system", "destroy", "encamp." + name + ".other"}).exit, 0);
  ASSERT_EQ(
      run({"virsh", "-q", "-c", "lxc:///system", "undefine", "encamp." + name + ".other"}).exit, 0);

  const Result status = encamp({"status", name, "--observe"});
  EXPECT_THAT(status.output, ContainsRegex("nodes.other +gone"));
  EXPECT_THAT(status.output, HasSubstr("drift: content"));
  EXPECT_THAT(status.output, HasSubstr("1 of 3 items well"));
  const Result planned = plan({"--observe", "--exit-code"});
  EXPECT_EQ(planned.exit, 5);
  EXPECT_THAT(planned.output, HasSubstr("-/+ nodes.other\n      is gone\n"));
  EXPECT_THAT(planned.output, HasSubstr("drift: content"));
  EXPECT_THAT(planned.output, HasSubstr("drift: names: "));
  const Result mended = up({"--observe"});

  EXPECT_EQ(mended.exit, 0) << mended.output;
  EXPECT_THAT(on("web", "cat /etc/nginx/conf.d/site.conf"), Not(HasSubstr("edited")));
  EXPECT_NE(process_of("web", "nginx"), process) << "its file was mended";
  EXPECT_EQ(on("other", "cat /etc/motd"), "hello");
  EXPECT_EQ(encamp({"ssh", name, "web", "test -x /usr/bin/curl"}).exit, 0);
  EXPECT_EQ(plan({"--observe", "--exit-code"}).exit, 0);
}

TEST_F(ChangedSite, StartsAStoppedServiceAndAStoppedNode) {
  describe(server("8080"));
  ASSERT_EQ(up().exit, 0);

  on("web", "systemctl stop nginx");
  EXPECT_EQ(plan({"--exit-code"}).exit, 0) << "nobody looks inside";
  EXPECT_THAT(plan({"--observe"}).output, HasSubstr("drift: running: false -> true"));
  EXPECT_EQ(up({"--observe"}).exit, 0);
  EXPECT_THAT(on("web", "systemctl is-active nginx"), HasSubstr("active"));

  run({"virsh", "-q", "-c", "lxc:///system", "destroy", "encamp." + name + ".web"});
  const Result planned = plan();
  EXPECT_THAT(planned.output, HasSubstr("~ nodes.web\n      is not running\n"));
  EXPECT_THAT(planned.output, HasSubstr("its node starts again"));
  EXPECT_EQ(up().exit, 0);
  EXPECT_EQ(encamp({"ssh", name, "web", "curl -s -o /dev/null http://localhost:8080/"}).exit, 0);
}

// Each worker of it has a file; the head's names all of them.
std::string workers() {
  return "  head:\n    memory: 128 MiB\n    disk: 256 MiB\n    software:\n"
         "      - file: /etc/workers\n        content: |\n"
         "          {% for n in nodes.worker %}\n"
         "          ${{ n.name }} ${{ n.address }}\n"
         "          {% end %}\n"
         "  worker:\n    count: ${{ parameters.workers }}\n    memory: 128 MiB\n    disk: 256 MiB\n"
         "    software: [{file: /etc/me, content: \"${{ node.name }}\"}]\n";
}

TEST_F(ChangedSite, GrowsAndShrinksByANodeAndTouchesOthersWhereTheirFilesNameIt) {
  describe(workers(), "parameters: {workers: {type: integer, default: 2}}\n");
  ASSERT_EQ(up().exit, 0);
  const std::string boots = boot_of("head") + boot_of("worker-1") + boot_of("worker-2");

  const Result grown = up({"--set", "workers=3"});
  EXPECT_EQ(grown.exit, 0) << grown.output;
  EXPECT_THAT(grown.output, HasSubstr("  + nodes.worker-3\n"));
  EXPECT_THAT(grown.output, HasSubstr("~ nodes.head.software['file /etc/workers']"));
  // The node and its item; the network's names and the head's file.
  EXPECT_THAT(grown.output, HasSubstr("Plan: 2 to add, 2 to change, 0 to remove."));
  EXPECT_THAT(on("head", "cat /etc/workers"), HasSubstr("worker-3 10."));
  EXPECT_EQ(boot_of("head") + boot_of("worker-1") + boot_of("worker-2"), boots);
  EXPECT_EQ(encamp({"ssh", name, "worker-1", "ping -c 1 worker-3"}).exit, 0);

  const Result shrunk = up();
  EXPECT_EQ(shrunk.exit, 0) << shrunk.output;
  EXPECT_THAT(shrunk.output, HasSubstr("  - nodes.worker-3 with 1 item\n"));
  EXPECT_THAT(on("head", "cat /etc/workers"), Not(HasSubstr("worker-3")));
  EXPECT_EQ(boot_of("head") + boot_of("worker-1") + boot_of("worker-2"), boots);
  EXPECT_THAT(up().output, HasSubstr("Nothing to do"));
}

std::string node(const std::string& memory, const std::string& disk, const std::string& software) {
  return "  node:\n    memory: " + memory + "\n    disk: " + disk + "\n    software: " + software +
         "\n";
}

TEST_F(ChangedSite, GetsMemoryInPlace) {
  describe(node("128 MiB", "256 MiB", "[{file: /etc/motd, content: hello}]"));
  ASSERT_EQ(up().exit, 0);
  const std::string boot = boot_of("node");

  describe(node("200 MiB", "256 MiB", "[{file: /etc/motd, content: hello}]"));
  const Result more = up();
  EXPECT_EQ(more.exit, 0) << more.output;
  EXPECT_THAT(more.output, HasSubstr("memory: 128 MiB -> 200 MiB"));
  EXPECT_EQ(boot_of("node"), boot) << "in place";
  EXPECT_THAT(run({"virsh", "-c", "lxc:///system", "memtune", "encamp." + name + ".node"}).output,
              ContainsRegex("hard_limit *: *204800"));

  EXPECT_THAT(up({"--observe"}).output, HasSubstr("Nothing to do"));

  describe(node("200 MiB", "200 MiB", "[{file: /etc/motd, content: hello}]"));
  EXPECT_THAT(plan().output, HasSubstr("-/+ nodes.node\n      disk: 256 MiB -> 200 MiB\n"));
}

// Whether this host may grant what growing an ext4 file system takes.
bool has_sys_resource() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("CapBnd:"))
      return (std::stoull(line.substr(7), nullptr, 16) >> 24 & 1) != 0;
  }
  return false;
}

class LargerDisk : public ChangedSite, public testing::WithParamInterface<const char*> {};

TEST_P(LargerDisk, ComesByARestartAndKeepsWhatIsOnIt) {
  const std::string isolation = std::string("[]\n    isolation: ") + GetParam();
  describe(node("200 MiB", "256 MiB", isolation));
  ASSERT_EQ(up().exit, 0);
  const std::string boot = boot_of("node");
  on("node", "echo kept >/root/kept; sync");

  describe(node("200 MiB", "600 MiB", isolation));
  EXPECT_THAT(plan().output, HasSubstr("~ nodes.node\n      disk: 256 MiB -> 600 MiB\n"));
  const Result larger = up();

  if (std::string(GetParam()) == "container" && !has_sys_resource()) {
    EXPECT_EQ(larger.exit, 1) << "said, not passed over";
    EXPECT_THAT(larger.output, HasSubstr("CAP_SYS_RESOURCE"));
    return;
  }
  EXPECT_EQ(larger.exit, 0) << larger.output;
  EXPECT_NE(boot_of("node"), boot);
  EXPECT_EQ(on("node", "cat /root/kept"), "kept\n") << "what is on it stays";
  EXPECT_GT(std::stol(on("node", "df --output=size -m / | tail -1")), 450);
  EXPECT_THAT(up().output, HasSubstr("Nothing to do"));
}

INSTANTIATE_TEST_SUITE_P(Of, LargerDisk, testing::Values("container", "vm"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST_F(ChangedSite, UndoesAnItemThatIsTakenOutAndNoMore) {
  describe(node("128 MiB", "512 MiB",
                "[{file: /etc/motd, content: ours}, {file: /etc/ours, content: ours}]"));
  ASSERT_EQ(up().exit, 0);
  on("node", "echo theirs >/etc/theirs");

  describe(node("128 MiB", "512 MiB", "[]"));
  const Result result = up();

  EXPECT_EQ(result.exit, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("it is not in the description any more"));
  EXPECT_EQ(encamp({"ssh", name, "node", "test -e /etc/ours"}).exit, 1);
  EXPECT_THAT(on("node", "cat /etc/motd"), HasSubstr("Debian")) << "what was there before";
  EXPECT_EQ(on("node", "cat /etc/theirs"), "theirs\n");
}

TEST_F(ChangedSite, InstallsAnAddedPackageInPlaceAndTakesItAwayAgain) {
  describe(node("256 MiB", "1 GiB", "[{package: [nginx-light, curl]}]"));
  ASSERT_EQ(up().exit, 0);
  const std::string boot = boot_of("node");

  describe(node("256 MiB", "1 GiB", "[{package: [nginx-light, curl]}, {package: memcached}]"));
  const Result added = up();
  EXPECT_EQ(added.exit, 0) << added.output;
  EXPECT_EQ(boot_of("node"), boot) << "not replaced";
  EXPECT_EQ(encamp({"ssh", name, "node", "test -x /usr/bin/memcached"}).exit, 0);

  describe(node("256 MiB", "1 GiB", "[{package: [nginx-light, curl]}]"));
  const Result removed = up();
  EXPECT_EQ(removed.exit, 0) << removed.output;
  EXPECT_EQ(encamp({"ssh", name, "node", "test -e /usr/bin/memcached"}).exit, 1);
  EXPECT_EQ(encamp({"ssh", name, "node", "test -x /usr/sbin/nginx"}).exit, 0);
  EXPECT_EQ(boot_of("node"), boot);
}

class TwoAtOnce : public ChangedSite {
 protected:
  /// One node of that memory, on a host that may use 300 MiB, and what stands there anyway.
  void describe_with_little_room() {
    describe(node("200 MiB", "256 MiB", "[]"));
    hosts = program->write("hosts.yaml",
                           "here: {connect: ['lxc:///system', 'qemu:///system'], memory: " +
                               std::to_string(300 + memory_of_guests()) + " MiB}\n");
  }
  pid_t start(const std::string& deployment, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"up", file, "--name", deployment, "--yes", "--hosts", hosts};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program->start(arguments);
  }

  std::filesystem::path hosts;
};

TEST_F(TwoAtOnce, OneFileStandsTwiceSideBySide) {
  describe(node("128 MiB", "256 MiB", "[{file: /etc/motd, content: \"${{ site.name }}\"}]"));
  const pid_t one = program->start({"up", file, "--name", name, "--yes"});
  const pid_t other = program->start({"up", file, "--name", name + "-b", "--yes"});

  EXPECT_EQ(Program::finish(one, 120s).exit, 0);
  EXPECT_EQ(Program::finish(other, 120s).exit, 0);

  EXPECT_EQ(on("node", "cat /etc/motd"), name);
  EXPECT_EQ(encamp({"ssh", name + "-b", "node", "cat /etc/motd"}).output, name + "-b");
  EXPECT_NE(encamp({"status", name}).output, encamp({"status", name + "-b"}).output);
}

TEST_F(TwoAtOnce, MemoryIsNeverPromisedTwice) {
  describe_with_little_room();
  const pid_t one = start(name);
  const pid_t other = start(name + "-b");
  const Result first = Program::finish(one, 120s);
  const Result second = Program::finish(other, 120s);

  EXPECT_EQ(first.exit + second.exit, 1) << first.output << second.output;
  const Result& refused = first.exit == 0 ? second : first;
  EXPECT_THAT(refused.output, HasSubstr("200 MiB of memory wanted, 100 MiB free"));
  EXPECT_THAT(refused.output,
              HasSubstr("200 MiB held by '" + (first.exit == 0 ? name : name + "-b") + "'"));
}

TEST_F(TwoAtOnce, WhoWaitsComesWhenThereIsRoom) {
  describe_with_little_room();
  ASSERT_EQ(Program::finish(start(name), 120s).exit, 0);
  const Result gave_up = Program::finish(start(name + "-b", {"--wait=1s"}), 60s);
  EXPECT_EQ(gave_up.exit, 1);
  EXPECT_THAT(gave_up.output, HasSubstr("waiting for room"));
  EXPECT_THAT(gave_up.output, HasSubstr("held by '" + name + "'"));

  const pid_t waiting = start(name + "-b", {"--wait"});
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
  const Result came = Program::finish(waiting, 120s);

  EXPECT_EQ(came.exit, 0) << came.output;
}

TEST_F(TwoAtOnce, WhoWaitsCanBeInterruptedAndLeavesNothing) {
  describe_with_little_room();
  ASSERT_EQ(Program::finish(start(name), 120s).exit, 0);
  const pid_t waiting = start(name + "-b", {"--wait"});
  std::this_thread::sleep_for(1500ms);
  kill(waiting, SIGINT);

  const Result result = Program::finish(waiting, 20s);

  EXPECT_EQ(result.exit, 130) << result.output;
  EXPECT_FALSE(std::filesystem::exists(program->state() / "deployments" / (name + "-b")));
}

}  // namespace
}  // namespace encamp::test
