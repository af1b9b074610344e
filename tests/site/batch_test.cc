// A Slurm cluster on real guests, and what nodes of one image share.
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
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

/// The last line of what a command printed.
std::string last_line(const std::string& output) {
  std::string text = output;
  while (text.ends_with('\n'))
    text.pop_back();
  const std::size_t begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

std::string bytes_of(const fs::path& file) {
  std::ostringstream bytes;
  bytes << std::ifstream(file, std::ios::binary).rdbuf();
  return bytes.str();
}

/// Files below `folder` that contain `text`, relative to it.
std::vector<std::string> files_with(const fs::path& folder, const std::string& text) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file())
      continue;
    if (bytes_of(entry.path()).find(text) != std::string::npos)
      found.push_back(fs::relative(entry.path(), folder).native());
  }
  return found;
}

class Cluster : public ::testing::Test {
 protected:
  ~Cluster() override {
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments), 400s);
  }
  Result up(const fs::path& file, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"up", file, "--name", name, "--yes"});
    return encamp(std::move(more));
  }
  std::string on(const std::string& node, const std::string& command) const {
    return last_line(encamp({"ssh", name, node, command}).output);
  }
  /// A cluster with a worker `good` and one `bad`, which has `more` in its software.
  fs::path cluster(const std::string& more) const {
    return program->write("cluster.yaml",
                          "encamp: 1\nsite: cluster\ninclude: [batch/slurm]\n"
                          "networks: {lan: {}}\nnodes:\n"
                          "  head: {extends: slurm.controller, memory: 256 MiB}\n"
                          "  good: {extends: slurm.worker, controller: head, memory: 256 MiB}\n"
                          "  bad:\n    extends: slurm.worker\n    controller: head\n"
                          "    memory: 256 MiB\n    software:\n" +
                              more);
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "c-" + std::to_string(getpid());
};

TEST_F(Cluster, IsTestedAndGoneAgain) {
  const Result result = encamp({"test", example("batch-cluster.yaml")});

  EXPECT_EQ(result.exit, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("ok tests.a-job-runs-on-every-worker"));
}

TEST_F(Cluster, KeepsItsSecretToItself) {
  const Result made = up(example("batch-cluster.yaml"), {"--json", "--set", "workers=1"});
  ASSERT_EQ(made.exit, 0) << made.output;
  const std::string key = on("head", "cat /etc/munge/munge.key");

  const Result again = up(example("batch-cluster.yaml"), {"--set", "workers=1"});
  const Result plan = encamp({"plan", example("batch-cluster.yaml"), "--name", name, "--json"});

  EXPECT_THAT(key, ContainsRegex("^[0-9a-f]{64}$"));
  EXPECT_EQ(on("worker-1", "cat /etc/munge/munge.key"), key);
  EXPECT_THAT(again.output, HasSubstr("Nothing to do"));
  EXPECT_EQ(on("worker-1", "test /var/lib/dpkg/status -nt /etc/hostname || echo as in the image"),
            "as in the image");
  for (const Result* result : {&made, &again, &plan})
    EXPECT_THAT(result->output, Not(HasSubstr(key)));
  const fs::path own = fs::path("deployments") / name;
  EXPECT_THAT(files_with(program->state(), key),
              testing::ElementsAre((own / "secrets/resources.munge-key.value.1").native()));
}

TEST_F(Cluster, StandsBesideAnotherOne) {
  const std::string other = name + "-b";
  ASSERT_EQ(up(example("batch-cluster.yaml"), {"--set", "workers=1"}).exit, 0);
  ASSERT_EQ(
      encamp({"up", example("batch-cluster.yaml"), "--name", other, "--yes", "--set", "workers=1"})
          .exit,
      0);

  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);
  EXPECT_EQ(encamp({"down", name, "--yes"}).exit, 0);
  EXPECT_EQ(encamp({"test", "--on", other}).exit, 0);
}

TEST_F(Cluster, ServesItsWorkersThoughOneFails) {
  const Result failed = up(cluster("      - package: no-such-package-x\n"));

  EXPECT_EQ(failed.exit, 1) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("no-such-package-x"));
  EXPECT_THAT(failed.output, HasSubstr("goes on from here"));
  EXPECT_EQ(on("head", "srun --nodelist=good hostname"), "good");

  const Result mended = up(cluster("      - package: less\n"));
  EXPECT_EQ(mended.exit, 0) << mended.output;
  EXPECT_THAT(mended.output, Not(HasSubstr("nodes.good")));
  EXPECT_EQ(on("head", "srun --nodelist=bad hostname"), "bad");
}

TEST_F(Cluster, WithACommandThatFailsShowsItsOutputAndGoesOn) {
  const Result failed = up(
      cluster("      - {name: prepare, before: slurmd, command: 'echo no disk for it; exit 4'}\n"));

  EXPECT_EQ(failed.exit, 1) << failed.output;
  EXPECT_THAT(failed.output, HasSubstr("no disk for it"));
  EXPECT_EQ(on("head", "srun --nodelist=good hostname"), "good");

  EXPECT_EQ(up(cluster("      - {name: prepare, before: slurmd, command: 'true'}\n")).exit, 0);
  EXPECT_EQ(on("head", "srun --nodelist=bad hostname"), "bad");
}

TEST_F(Cluster, WithAWrongVersionInPlaceIsLeftSoThatUpCanFinish) {
  const auto site = [&](const std::string& software) {
    return program->write("site.yaml",
                          "encamp: 1\nsite: one\nnetworks: {lan: {}}\n"
                          "images: {debian: {debian: bookworm}}\nnodes:\n"
                          "  node:\n    memory: 256 MiB\n    disk: 1 GiB\n"
                          "    software: [" +
                              software + "]\n");
  };
  ASSERT_EQ(up(site("{package: nginx-light}, {service: nginx}")).exit, 0);

  const Result failed =
      up(site("{package: nginx-light}, {package: less, version: 0.0-1}, {service: nginx}"));
  EXPECT_EQ(failed.exit, 1);
  EXPECT_THAT(failed.output, HasSubstr("package 'less' has no version '0.0-1'"));
  EXPECT_EQ(on("node", "systemctl is-active nginx"), "active");
  EXPECT_EQ(on("node", "dpkg --audit; command -v less || echo none"), "none");

  EXPECT_EQ(up(site("{package: nginx-light}, {package: less}, {service: nginx}")).exit, 0);
  EXPECT_EQ(on("node", "command -v less"), "/usr/bin/less");
  EXPECT_EQ(up(site("{package: nginx-light}, {service: nginx}")).exit, 0);
  EXPECT_EQ(on("node", "command -v less || echo none"), "none");
}

TEST_F(Cluster, HasAccountsArchivesAndRepositoriesAsLongAsItSaysSo) {
  const fs::path source = fs::path(ENCAMP_SOURCE_DIR) / "tests/site/accounts.yaml";
  const std::string text = bytes_of(source);
  ASSERT_EQ(run({"tar", "-czf", program->state() / "app.tgz", "-C", ENCAMP_SOURCE_DIR,
                 "examples/hello.yaml"})
                .exit,
            0);
  const Result made = up(program->write("accounts.yaml", text));
  ASSERT_EQ(made.exit, 0) << made.output;

  EXPECT_EQ(on("node", "id alice"),
            "uid=5000(alice) gid=5000(alice) groups=5000(alice),60(games),6000(grid)");
  EXPECT_EQ(on("node", "getent passwd alice | cut -d: -f6-"), "/home/alice:/bin/bash");
  EXPECT_EQ(on("node", "stat -c '%U %a' /home/alice/.ssh/authorized_keys"), "alice 600");
  EXPECT_EQ(on("node", "getent passwd games | cut -d: -f7"), "/bin/sh");
  EXPECT_EQ(on("node", "dpkg-query -W extra"), "extra\t1.0");
  EXPECT_EQ(on("node", "find /opt/app -type f"), "/opt/app/hello.yaml");
  EXPECT_THAT(up(program->state() / "accounts.yaml").output, HasSubstr("Nothing to do"));

  std::string less = text;
  less.erase(less.find("      - group: grid"),
             less.find("      - name: make-repository") - less.find("      - group: grid"));
  less.erase(less.find("      # what follows"));
  const Result changed = up(program->write("accounts.yaml", less));
  ASSERT_EQ(changed.exit, 0) << changed.output;

  EXPECT_EQ(on("node", "getent passwd alice || getent group alice grid || ls -d /home/alice"),
            "/home/alice");
  EXPECT_EQ(on("node", "getent passwd games | cut -d: -f7"), "/usr/sbin/nologin");
  EXPECT_EQ(on("node", "ls /etc/apt/sources.list.d | grep -c encamp"), "0");
  EXPECT_EQ(on("node", "ls -d /opt/app 2>/dev/null || echo gone"), "gone");
  EXPECT_THAT(on("node", "dpkg-query -W extra"), HasSubstr("no packages found"));
}

TEST_F(Cluster, HasNodesOfOneImageThatShareNoIdentity) {
  const fs::path site = program->write(
      "two.yaml",
      "encamp: 1\nsite: two\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n"
      "nodes:\n  node:\n    count: 2\n    memory: 256 MiB\n    disk: 1 GiB\n"
      "    software: [{package: [munge, ssl-cert]}]\n");
  const Result made = up(site);
  ASSERT_EQ(made.exit, 0) << made.output;

  for (const char* file : {"/etc/machine-id", "/etc/ssh/ssh_host_ed25519_key",
                           "/etc/munge/munge.key", "/etc/ssl/private/ssl-cert-snakeoil.key"}) {
    const std::string digest = std::string("test -s ") + file + " && sha256sum " + file;
    const std::string one = on("node-1", digest);
    EXPECT_THAT(one, ContainsRegex("^[0-9a-f]{64} ")) << file;
    EXPECT_NE(one, on("node-2", digest)) << file;
  }
  EXPECT_EQ(on("node-1", "stat -c '%U %a' /etc/munge/munge.key"), "munge 400");
  EXPECT_EQ(on("node-1", "ls /etc/ssh/ssh_host_*_key"), "/etc/ssh/ssh_host_ed25519_key");
  EXPECT_EQ(on("node-1", "systemctl is-enabled munge"), "disabled");
  EXPECT_EQ(on("node-1", "systemctl is-active munge"), "inactive");
}

}  // namespace
}  // namespace encamp::test
