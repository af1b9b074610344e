#include "components/file/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/world/digest.h"
#include "tests/support/item_context.h"

namespace encamp {
namespace {

const FileComponent kFile;

Properties motd(const std::string& content) {
  return {{"path", "/etc/motd"}, {"content", content}, {"owner", "root"}, {"mode", "0640"}};
}

TEST(File, IsWritten) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");

  const Attributes attributes = context.realize(kFile, motd("hello\n"));

  const FileSpec& file = context.machine.files.at("/etc/motd");
  EXPECT_EQ(file.content, "hello\n");
  EXPECT_EQ(file.mode, 0640);
  EXPECT_EQ(attributes.at("digest").text(), sha256("hello\n"));
}

TEST(File, IsLeftAloneWhenItIsAsWanted) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");
  context.realize(kFile, motd("hello\n"));

  context.realize(kFile, motd("hello\n"));

  EXPECT_EQ(context.faults.calls("write_file"), 1);
}

TEST(File, GoesWhenItWasNotThereBefore) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");
  context.realize(kFile, motd("hello\n"));

  kFile.remove(context.own, context);
  kFile.remove(context.own, context);

  EXPECT_TRUE(context.machine.files.empty());
}

TEST(File, PutsTheOriginalBackAfterManyChanges) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");
  const FileSpec original{.path = "/etc/motd", .content = "Debian\n", .owner = "adm", .mode = 0600};
  context.machine.files["/etc/motd"] = original;
  context.realize(kFile, motd("one\n"));
  context.realize(kFile, motd("two\n"));

  kFile.remove(context.own, context);
  kFile.remove(context.own, context);

  ASSERT_EQ(context.machine.files.size(), 1U);
  EXPECT_EQ(context.machine.files.at("/etc/motd").content, "Debian\n");
  EXPECT_EQ(context.machine.files.at("/etc/motd").owner, "adm");
}

TEST(File, KeepsTheOriginalWhateverReplyIsLost) {
  for (const char* call : {"find_file", "copy_file", "write_file"}) {
    test::ItemContext context("nodes.node.software['file /etc/motd']");
    context.machine.files["/etc/motd"] = {.path = "/etc/motd", .content = "Debian\n"};
    context.faults.fail(call, Error(ErrorKind::Unavailable, "connection reset"));
    EXPECT_THROW(context.realize(kFile, motd("ours\n")), Error) << call;

    context.realize(kFile, motd("ours\n"));
    EXPECT_EQ(context.machine.files.at("/etc/motd").content, "ours\n") << call;
    kFile.remove(context.own, context);

    EXPECT_EQ(context.machine.files.at("/etc/motd").content, "Debian\n") << call;
  }
}

TEST(File, IsNotTouchedByTheRemovalOfAnItemThatNeverBegan) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");
  context.machine.files["/etc/motd"] = {.path = "/etc/motd", .content = "Debian\n"};
  context.own.properties = motd("ours\n");

  kFile.remove(context.own, context);

  EXPECT_EQ(context.machine.files.at("/etc/motd").content, "Debian\n");
}

TEST(File, RefusesToReplaceADirectory) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");
  context.machine.files["/etc/motd"] = {.path = "/etc/motd", .kind = FileKind::Directory};

  EXPECT_THROW(context.realize(kFile, motd("x")), Error);
  EXPECT_EQ(context.faults.calls("copy_file"), 0);
}

TEST(File, CanBeALink) {
  test::ItemContext context("nodes.node.software['file /etc/x']");
  const Properties wanted{{"path", "/etc/x"}, {"link", "y"}, {"owner", "root"}, {"mode", "0644"}};

  context.realize(kFile, wanted);
  context.realize(kFile, wanted);

  EXPECT_EQ(context.machine.files.at("/etc/x").kind, FileKind::Link);
  EXPECT_EQ(context.machine.files.at("/etc/x").content, "y");
  EXPECT_EQ(context.faults.calls("write_file"), 1);
}

TEST(File, ShowsWhatHasDrifted) {
  test::ItemContext context("nodes.node.software['file /etc/motd']");
  context.realize(kFile, motd("hello\n"));
  EXPECT_EQ(kFile.compare(context.own.properties, *kFile.observe(context.own, context)).kind,
            Change::Kind::Keep);
  context.machine.files["/etc/motd"].content = "bye\n";
  context.machine.files["/etc/motd"].mode = 0644;

  const Change change = kFile.compare(context.own.properties, *kFile.observe(context.own, context));

  EXPECT_EQ(change.reasons, (std::vector<std::string>{"content: \"bye\\n\" -> \"hello\\n\"",
                                                      "mode: \"0644\" -> \"0640\""}));
  context.machine.files.clear();
  EXPECT_FALSE(kFile.observe(context.own, context));
}

TEST(File, NamesTheFirstLineThatIsAnother) {
  const Change change = kFile.compare(motd("one\ntwo\nthree\n"), motd("one\nzwei\nthree\n"));
  EXPECT_THAT(change.reasons, testing::ElementsAre("content, line 2: \"zwei\" -> \"two\""));

  const Change more = kFile.compare(motd("one\ntwo\n"), motd("one\n"));
  EXPECT_THAT(more.reasons, testing::ElementsAre("content, line 2: none -> \"two\""));
}

TEST(File, HasContentOrALink) {
  Diagnostics diagnostics;
  Resource resource;
  kFile.check(resource, diagnostics);
  resource.properties["content"] = "x";
  kFile.check(resource, diagnostics);
  resource.properties["link"] = "y";
  kFile.check(resource, diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.all()[0].summary, "this file has no content");
  EXPECT_EQ(diagnostics.all()[1].summary, "a file has either content or a link");
}

}  // namespace
}  // namespace encamp
