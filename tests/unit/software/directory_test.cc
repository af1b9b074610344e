#include "components/directory/directory.h"

#include <gtest/gtest.h>

#include "engine/description/file_tree.h"
#include "tests/support/item_context.h"

namespace encamp {
namespace {

const DirectoryComponent kDirectory;
constexpr const char* kPath = "/var/log/slurm";

Properties log_directory() {
  return {{"path", kPath}, {"owner", "root"}, {"mode", "0750"}};
}

TEST(Directory, IsMadeWithItsModeAndGoesAgain) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");

  item.realize(kDirectory, log_directory());
  const std::optional<FileState> made = item.guest().find_file(kPath);
  kDirectory.remove(item.own, item);

  ASSERT_TRUE(made);
  EXPECT_EQ(made->kind, FileKind::Directory);
  EXPECT_EQ(made->mode, 0750);
  EXPECT_FALSE(item.guest().find_file(kPath));
}

TEST(Directory, ThatWasThereGetsItsModeBack) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");
  item.guest().write_file(
      {.path = kPath, .kind = FileKind::Directory, .content = {}, .mode = 0700});

  item.realize(kDirectory, log_directory());
  item.realize(kDirectory, log_directory());
  kDirectory.remove(item.own, item);

  EXPECT_EQ(item.guest().find_file(kPath)->mode, 0700);
}

TEST(Directory, IsNotMadeInPlaceOfAFile) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");
  item.guest().write_file({.path = kPath, .content = "x"});

  EXPECT_THROW(item.realize(kDirectory, log_directory()), Error);

  EXPECT_EQ(item.guest().find_file(kPath)->kind, FileKind::Regular);
}

TEST(Directory, ShowsWhatSomebodyChanged) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");
  item.realize(kDirectory, log_directory());
  item.own.properties = log_directory();

  const std::optional<Properties> same = kDirectory.observe(item.own, item);
  item.guest().write_file(
      {.path = kPath, .kind = FileKind::Directory, .content = {}, .mode = 0777});
  const std::optional<Properties> changed = kDirectory.observe(item.own, item);

  EXPECT_EQ(kDirectory.compare(log_directory(), *same).kind, Change::Kind::Keep);
  EXPECT_EQ(kDirectory.compare(log_directory(), *changed).kind, Change::Kind::Update);
}

FileTree tree() {
  return {{"bin", FileInTree::Kind::Directory, ""},
          {"bin/run", FileInTree::Kind::Executable, "#!/bin/sh"},
          {"current", FileInTree::Kind::Link, "bin/run"},
          {"z.conf", FileInTree::Kind::File, "a"}};
}

Properties uploaded(const FileTree& files) {
  Properties wanted = log_directory();
  wanted["source"] = to_value(files);
  return wanted;
}

std::optional<FileState> state_of(test::ItemContext& item, const std::string& name) {
  return item.guest().find_file(std::string(kPath) + "/" + name);
}

TEST(DirectoryWithSource, IsUploadedAndTakenAway) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");

  const Attributes attributes = item.realize(kDirectory, uploaded(tree()));
  EXPECT_EQ(attributes.at("digest").text().size(), 64U);
  EXPECT_EQ(state_of(item, "bin")->mode, 0750);
  EXPECT_EQ(state_of(item, "bin/run")->mode, 0755);
  EXPECT_EQ(state_of(item, "z.conf")->mode, 0644);
  EXPECT_EQ(state_of(item, "current")->target, "bin/run");

  item.guest().write_file({.path = std::string(kPath) + "/theirs", .content = "x"});
  kDirectory.remove(item.own, item);
  EXPECT_FALSE(state_of(item, "bin/run"));
  EXPECT_TRUE(state_of(item, "theirs"));
}

TEST(DirectoryWithSource, LosesWhatTheSourceHasNoMore) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");
  item.realize(kDirectory, uploaded(tree()));

  FileTree less = tree();
  less.pop_back();
  const Change change = kDirectory.compare(uploaded(less), uploaded(tree()));
  EXPECT_EQ(change.kind, Change::Kind::Update);
  EXPECT_EQ(change.reasons, std::vector<std::string>{"source: z.conf"});
  item.realize(kDirectory, uploaded(less));

  EXPECT_FALSE(state_of(item, "z.conf"));
  EXPECT_TRUE(state_of(item, "bin/run"));
}

TEST(DirectoryWithSource, GivesBackWhatWasThereBefore) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");
  item.guest().write_file({.path = std::string(kPath) + "/z.conf", .content = "before"});

  item.realize(kDirectory, uploaded(tree()));
  EXPECT_EQ(item.guest().read_file(std::string(kPath) + "/z.conf", 9), "a");
  item.realize(kDirectory, log_directory());

  EXPECT_EQ(item.guest().read_file(std::string(kPath) + "/z.conf", 9), "before");
  EXPECT_FALSE(state_of(item, "bin"));
}

TEST(DirectoryWithSource, IsMendedAndHasAnotherDigestThen) {
  test::ItemContext item("nodes.node.software['directory /var/log/slurm']");
  const Attributes first = item.realize(kDirectory, uploaded(tree()));
  item.own.properties = uploaded(tree());
  EXPECT_EQ(kDirectory.compare(uploaded(tree()), *kDirectory.observe(item.own, item)).kind,
            Change::Kind::Keep);

  item.guest().write_file({.path = std::string(kPath) + "/z.conf", .content = "theirs"});
  const Change drift = kDirectory.compare(*kDirectory.observe(item.own, item), item.own.properties);
  const Attributes second = item.realize(kDirectory, uploaded(tree()));

  EXPECT_EQ(drift.reasons, std::vector<std::string>{"source: z.conf"});
  EXPECT_EQ(item.guest().read_file(std::string(kPath) + "/z.conf", 9), "a");
  EXPECT_EQ(second.at("digest").text(), first.at("digest").text() + "+1");
}

}  // namespace
}  // namespace encamp
