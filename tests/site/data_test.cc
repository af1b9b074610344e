// Files that are uploaded, and data disks, on real guests.
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

class DataSite : public ::testing::Test {
 protected:
  ~DataSite() override {
    (*program)({"down", name, "--yes"});
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments), 170s);
  }
  Result up(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"up", file, "--name", name, "--yes"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return encamp(arguments);
  }
  Result plan() const { return encamp({"plan", file, "--name", name}); }
  std::string on(const std::string& command) const {
    return encamp({"ssh", name, "node", command}).output;
  }
  /// `more` are keys of the node, indented by four.
  void describe(const std::string& more) {
    file = program->write("site.yaml",
                          "encamp: 1\nsite: data\nnetworks: {lan: {}}\n"
                          "images: {debian: {debian: bookworm}}\nnodes:\n  node:\n"
                          "    memory: 256 MiB\n    disk: 512 MiB\n" +
                              more);
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
  std::string name = "data-" + std::to_string(getpid());
  fs::path file;
};

TEST_F(DataSite, UploadsADirectoryAndHoldsItLikeItsSource) {
  const std::string items =
      "    software:\n"
      "      - user: web\n        uid: 700\n"
      "      - file: /etc/systemd/system/reader.service\n        content: |\n"
      "          [Service]\n          ExecStart=/bin/sleep infinity\n"
      "          [Install]\n          WantedBy=multi-user.target\n";
  const std::string upload =
      "      - directory: /srv/site\n        source: ./tree\n        owner: web\n        mode: "
      "0750\n";
  const std::string service = "      - service: reader\n        restarts_with: [/srv/site/]\n";
  describe(items + upload + service);
  const fs::path tree = file.parent_path() / "tree";
  fs::create_directories(tree / "bin");
  program->write("tree/page", "one\n");
  program->write("tree/gone", "x\n");
  program->write("tree/bin/run", "#!/bin/sh\necho ran\n");
  fs::permissions(tree / "bin/run", fs::perms::owner_all);
  fs::create_symlink("page", tree / "index");

  const Result first = up();
  ASSERT_EQ(first.exit, 0) << first.output;
  EXPECT_EQ(on("/srv/site/bin/run; cat /srv/site/index; cd /srv/site; "
               "stat -c '%U %G %a %n' . bin bin/run page"),
            "ran\none\nweb web 750 .\nweb web 750 bin\nweb web 755 bin/run\nweb web 644 page\n");
  const std::string process = on("systemctl show -p MainPID reader");
  EXPECT_THAT(up().output, HasSubstr("Nothing to do"));
  on("echo theirs >/srv/site/theirs");

  program->write("tree/page", "two\n");
  fs::remove(tree / "gone");
  EXPECT_THAT(plan().output, HasSubstr("source: gone, page"));
  const Result second = up();
  ASSERT_EQ(second.exit, 0) << second.output;
  EXPECT_EQ(on("cat /srv/site/page; ls /srv/site"), "two\nbin\nindex\npage\ntheirs\n");
  const std::string restarted = on("systemctl show -p MainPID reader");
  EXPECT_NE(restarted, process) << "it restarts with the directory";

  on("echo mine >/srv/site/page");
  const Result mended = up({"--observe"});
  EXPECT_EQ(on("cat /srv/site/page"), "two\n") << mended.output;
  EXPECT_NE(on("systemctl show -p MainPID reader"), restarted);

  describe(items);
  const Result last = up();
  EXPECT_EQ(last.exit, 0) << last.output;
  EXPECT_EQ(on("find /srv/site -mindepth 1"), "/srv/site/theirs\n");
}

class DataDisks : public DataSite, public ::testing::WithParamInterface<const char*> {};

TEST_P(DataDisks, HaveTheSizeThatIsSaidAndGrow) {
  const auto node = [](const std::string& size, const std::string& more) {
    return std::string("    isolation: ") + GetParam() +
           "\n    disks:\n      scratch: {size: " + size + ", mount: /scratch}\n" + more;
  };
  describe(node("128 MiB", "      data: {size: 64 MiB, mount: /srv/data}\n"));

  const Result made = up();
  ASSERT_EQ(made.exit, 0) << made.output;
  EXPECT_EQ(on("stat -c %m /scratch /srv/data"),
            "/scratch\n/srv/data\n");
  EXPECT_LT(std::stol(on("df --output=size -m /scratch | tail -1")), 129);
  EXPECT_THAT(on("dd if=/dev/zero of=/srv/data/x bs=1M count=80 2>&1"),
              HasSubstr("No space left on device"));
  on("echo kept >/scratch/kept; sync");
  EXPECT_THAT(up().output, HasSubstr("Nothing to do"));

  describe(node("256 MiB", "      data: {size: 64 MiB, mount: /srv/data}\n"));
  EXPECT_THAT(plan().output,
              HasSubstr("~ nodes.node\n      disks.scratch.size: 128 MiB -> 256 MiB\n"));
  const Result larger = up();
  if (larger.exit == 0) {
    EXPECT_EQ(on("cat /scratch/kept"), "kept\n");
    EXPECT_GT(std::stol(on("df --output=size -m /scratch | tail -1")), 190);
  } else {  // Said, not passed over: docs/nodes.md, CAP_SYS_RESOURCE.
    EXPECT_STREQ(GetParam(), "container") << larger.output;
    EXPECT_THAT(larger.output, HasSubstr("CAP_SYS_RESOURCE"));
  }

  describe(node("256 MiB", ""));
  EXPECT_THAT(plan().output, HasSubstr("-/+ nodes.node\n      disks.data removed\n"));
}

INSTANTIATE_TEST_SUITE_P(Of, DataDisks, testing::Values("container", "vm"),
                         [](const auto& kind) { return std::string(kind.param); });

}  // namespace
}  // namespace encamp::test
