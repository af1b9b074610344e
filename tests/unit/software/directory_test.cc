#include "components/directory/directory.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace encamp
