// Images on real guests: from files of this machine, a root tarball and a qcow2 disk image with a
// partition, both made of the base tree that the workshop has; and with software of their own.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/site/census.h"
#include "tests/site/program.h"

namespace encamp::test {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

class ImageFile : public ::testing::Test {
 protected:
  ~ImageFile() override {
    program.reset();
    EXPECT_EQ(left_over(before, take_census()), "");
  }

  Result encamp(std::vector<std::string> arguments) const {
    return (*program)(std::move(arguments), 300s);
  }

  std::filesystem::path base_tree() const {
    for (const auto& entry : std::filesystem::directory_iterator("/var/cache/encamp/bases")) {
      if (entry.path().filename().native().starts_with("bookworm-") &&
          entry.path().extension() != ".old")
        return entry.path() / "root";
    }
    return {};
  }

  // Equal for equal trees, so that the cache of this machine has only one of it.
  void make_tarball(const std::filesystem::path& path) const {
    const Result tar = run(
        {"tar", "--create", "--file", path, "--directory", base_tree(), "--numeric-owner",
         "--sort=name", "--mtime=@0", "--exclude=./usr/share/doc", "--exclude=./usr/share/locale",
         "--exclude=./var/lib/apt/lists/*", "--exclude=./var/cache/apt/*", "."},
        120s);
    ASSERT_EQ(tar.exit, 0) << tar.output;
  }

  // The tarball's tree in the only partition of a disk, which begins at 1 MiB.
  void make_disk(const std::filesystem::path& tarball, const std::filesystem::path& path) const {
    const std::filesystem::path raw = program->state() / "disk.raw";
    const std::filesystem::path tree = program->state() / "tree";
    std::filesystem::create_directory(tree);
    ASSERT_EQ(run({"tar", "-xf", tarball, "-C", tree}, 120s).exit, 0);
    const Result made = run(
        {"env", "E2FSPROGS_FAKE_TIME=1", "mke2fs", "-q", "-F", "-t", "ext4", "-U",
         "3e9b0d3c-9f0a-4d2c-8f43-6a5cf5d4e1a2", "-E",
         "offset=1048576,hash_seed=3e9b0d3c-9f0a-4d2c-8f43-6a5cf5d4e1a2", "-d", tree, raw, "500M"},
        120s);
    ASSERT_EQ(made.exit, 0) << made.output;
    std::filesystem::resize_file(raw, 502ULL << 20);
    // Type 0x83, first sector 2048, 1024000 sectors; the mark of a master boot record.
    const char entry[] = "\0\0\0\0\x83\0\0\0\x00\x08\x00\x00\x00\xa0\x0f\x00";
    std::fstream disk(raw, std::ios::in | std::ios::out | std::ios::binary);
    disk.seekp(446).write(entry, 16).seekp(510).write("\x55\xaa", 2);
    disk.close();
    const Result converted =
        run({"qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path}, 120s);
    ASSERT_EQ(converted.exit, 0) << converted.output;
  }

  static std::string digest_of(const std::filesystem::path& path) {
    return run({"sha256sum", path}).output.substr(0, 64);
  }

  std::filesystem::path site(const std::string& file, const std::string& digest) const {
    return program->write(
        file + ".yaml",
        "encamp: 1\nsite: image-file\nnetworks: {lan: {}}\nimages:\n  root: {file: ./" + file +
            ", sha256: " + digest +
            "}\nnodes:\n  node:\n    memory: 256 MiB\n    disk: 512 MiB\n"
            "    software: [{package: hello}, {file: /etc/x, content: x}]\n"
            "tests:\n  there: {node: node, run: 'hello -g \"$(cat /etc/x)\"; stat -c "
            "%u:%g:%a /etc/shadow', expect: {output: \"x\\n0:42:640\"}}\n");
  }

  Census before = take_census();
  std::unique_ptr<Program> program = std::make_unique<Program>();
};

TEST_F(ImageFile, IsATarballOrADisk) {
  ASSERT_FALSE(base_tree().empty()) << "deploy something first: it makes the base tree";
  make_tarball(program->state() / "root.tar");
  make_disk(program->state() / "root.tar", program->state() / "disk.qcow2");

  for (const std::string file : {"root.tar", "disk.qcow2"}) {
    const Result result = encamp({"test", site(file, digest_of(program->state() / file))});

    EXPECT_EQ(result.exit, 0) << file << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr("tests.there passed"));
  }
}

TEST_F(ImageFile, HasItsOwnSoftware) {
  std::filesystem::create_directory(program->state() / "tree");
  program->write("tree/y", "of the tree\n");
  const auto file = program->write("soft.yaml", R"(encamp: 1
site: image-software
networks: {lan: {}}
images:
  base:
    debian: bookworm
    software:
      - {group: crew, gid: 4000}
      - {user: app, groups: [crew]}
      - {directory: /srv/app, owner: app, mode: "0750"}
      - {file: /srv/app/x, content: of the image, owner: app, mode: "0600"}
      - {directory: /srv/tree, source: ./tree}
  web:
    extends: base
    software:
      - package: hello
      - command: cat /srv/app/x > /srv/built; hello >> /srv/built
nodes:
  node: {image: web, memory: 256 MiB, disk: 512 MiB}
tests:
  there:
    node: node
    run: |
      cat /srv/built /srv/tree/y; id -Gn app; stat -c %U:%a /srv/app /srv/app/x
      [ ! -e /var/lib/encamp/trees ]
    expect:
      contains: [of the image, 'Hello, world', of the tree, app crew, 'app:750', 'app:600']
)");

  const Result result = encamp({"test", file});

  EXPECT_EQ(result.exit, 0) << result.output;
}

TEST_F(ImageFile, WhoseSoftwareFailsSaysWhich) {
  const auto file = program->write("soft.yaml", R"(encamp: 1
site: image-software
networks: {lan: {}}
images:
  web:
    debian: bookworm
    software: [{command: 'echo seen; false', name: build}]
nodes:
  node: {memory: 256 MiB, disk: 512 MiB}
)");

  const Result result = encamp({"test", file});

  EXPECT_EQ(result.exit, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("'build' was realized in the image"));
}

TEST_F(ImageFile, WithAnotherDigestIsRefused) {
  program->write("root.tar", "something else");
  const std::string wanted(64, '7');

  const Result result = encamp({"test", site("root.tar", wanted)});

  EXPECT_EQ(result.exit, 1);
  EXPECT_THAT(result.output, HasSubstr(digest_of(program->state() / "root.tar")));
  EXPECT_THAT(result.output, HasSubstr(wanted));
}

}  // namespace
}  // namespace encamp::test
