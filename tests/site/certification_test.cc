// A patch under test: packages from files of this machine, on real guests.
#include <filesystem>
#include <fstream>

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

// `hello` runs once when its service starts, and the test asks what it said.
constexpr const char* kSite = R"(encamp: 1
site: certified
parameters:
  patch: {type: list of file, default: []}
  says:  {type: string, default: 'Hello, world!'}
networks: {lan: {}}
images: {debian: {debian: bookworm}}
prototypes:
  machine:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - package: []
        name: patch
        files: ${{ parameters.patch }}
nodes:
  with:
    extends: machine
    software:
      - package: hello
      - file: /etc/systemd/system/greet.service
        content: |
          [Service]
          ExecStart=/bin/sh -c 'hello > /run/greeting; exec sleep infinity'
          [Install]
          WantedBy=multi-user.target
      - service: greet
        ready: {command: test -s /run/greeting}
  without:
    extends: machine
    software:
      - package: gettext-base
      - file: /etc/systemd/system/idle.service
        content: |
          [Service]
          ExecStart=/bin/sleep infinity
          [Install]
          WantedBy=multi-user.target
      - service: idle
tests:
  greets:
    node: with
    run: cat /run/greeting
    expect: {output: '${{ parameters.says }}'}
)";

class Certification : public ::testing::Test {
 protected:
  ~Certification() override {
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments), 400s);
  }
  Result up(const std::string& as, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {"up", file.native(), "--name", as, "--yes"});
    return encamp(std::move(more));
  }
  std::string on(const std::string& node, const std::string& command) const {
    return encamp({"ssh", name, node, command}).output;
  }
  /// A package with a program of its name that prints `text`; the same in each run of the test, and
  /// so is the image with it.
  std::string package(const std::string& called, const std::string& version,
                      const std::string& architecture, const std::string& text) const {
    const fs::path tree = program->state() / (called + "-" + version);
    fs::create_directories(tree / "DEBIAN");
    fs::create_directories(tree / "usr/bin");
    std::ofstream(tree / "DEBIAN/control")
        << "Package: " << called << "\nVersion: " << version << "\nArchitecture: " << architecture
        << "\nMaintainer: Test <test@example.org>\nDescription: a patch under test\n";
    std::ofstream(tree / "usr/bin" / called) << "#!/bin/sh\necho '" << text << "'\n";
    fs::permissions(tree / "usr/bin" / called, fs::perms(0755));
    const std::string deb = tree.native() + ".deb";
    EXPECT_EQ(run({"env", "SOURCE_DATE_EPOCH=1700000000", "dpkg-deb", "--root-owner-group", "-b",
                   tree.native(), deb})
                  .exit,
              0);
    fs::remove_all(tree);
    return deb;
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  fs::path file = program->write("site.yaml", kSite);
  std::string name = "cert-" + std::to_string(getpid());
};

TEST_F(Certification, OfAPatchAsAnUpgradeAndFromTheStart) {
  const std::string patch = package("hello", "2.10-3+patch1", "all", "Hello, patched");
  const std::vector<std::string> patched{"--set", "patch=" + patch, "--set", "says=Hello, patched"};

  Result result = up(name);
  ASSERT_EQ(result.exit, 0) << result.output;
  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);
  const std::string boot = on("with", "stat -c %Y /proc/1");
  const std::string idle = on("without", "systemctl show -p MainPID idle");

  // In place: what runs is what is under test, and nothing else is touched.
  result = up(name, patched);
  ASSERT_EQ(result.exit, 0) << result.output;
  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);
  EXPECT_EQ(on("with", "dpkg-query -W -f '${Version}' hello"), "2.10-3+patch1");
  EXPECT_EQ(on("with", "stat -c %Y /proc/1"), boot);
  EXPECT_EQ(on("without", "systemctl show -p MainPID idle"), idle);
  EXPECT_THAT(on("without", "dpkg-query -W hello 2>&1"), HasSubstr("no packages found"));
  EXPECT_THAT(up(name, patched).output, HasSubstr("Nothing to do"));

  // Built again without another version, as happens.
  std::vector<std::string> again = patched;
  again[1] = "patch=" + package("hello", "2.10-3+patch1", "all", "Hello again");
  again[3] = "says=Hello again";
  result = up(name, again);
  ASSERT_EQ(result.exit, 0) << result.output;
  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);

  // And back.
  result = up(name);
  ASSERT_EQ(result.exit, 0) << result.output;
  EXPECT_EQ(encamp({"test", "--on", name}).exit, 0);
  EXPECT_THAT(on("with", "dpkg-query -W -f '${Version}' hello"), Not(HasSubstr("patch")));
  result = encamp({"down", name, "--yes"});
  EXPECT_EQ(result.exit, 0) << result.output;

  // A new site has it in its image.
  result = up(name + "-b", again);
  EXPECT_EQ(result.exit, 0) << result.output;
  EXPECT_EQ(encamp({"test", "--on", name + "-b"}).exit, 0);
  EXPECT_THAT(result.output, HasSubstr("hello with files "));
}

TEST_F(Certification, RefusesWhatNoNodeCanTake) {
  const std::string alien = package("hello", "9.0", "s390x", "");
  Result result = up(name, {"--set", "patch=" + alien});
  EXPECT_EQ(result.exit, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("'" + alien + "' is for s390x, and node 'with' is"));

  result = up(name, {"--set", "patch=" + program->write("text.deb", "no package").native()});
  EXPECT_EQ(result.exit, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("text.deb' is no Debian package"));

  result = up(name, {"--set", "patch=" + (program->state() / "none.deb").native()});
  EXPECT_EQ(result.exit, 2) << result.output;
  EXPECT_THAT(result.output, HasSubstr("there is no '"));

  const std::string foreign = package("no-such-thing", "1.0", "all", "");
  result = up(name, {"--set", "patch=" + foreign});
  EXPECT_EQ(result.exit, 1) << result.output;
  EXPECT_THAT(result.output,
              HasSubstr("no node of the site has package 'no-such-thing', which '" + foreign));
  EXPECT_THAT(encamp({"status", name}).output, Not(ContainsRegex("nodes\\.with +present")));
}

}  // namespace
}  // namespace encamp::test
