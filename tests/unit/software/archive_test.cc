#include "components/archive/archive.h"

#include <gtest/gtest.h>

#include "engine/world/digest.h"
#include "tests/support/item_context.h"

namespace encamp::test {
namespace {

class ArchiveItem : public testing::Test {
 protected:
  std::unique_ptr<const Component> archive_ = make_archive_component();
  ItemContext context_{"nodes.node.software['archive /opt/app']"};
  FakeMachine& machine_ = context_.machine;
  const Properties wanted_{{"path", "/opt/app"}, {"source", "bytes of a tar"}, {"strip", 1}};
};

TEST_F(ArchiveItem, IsUnpackedAndTakenAway) {
  const Attributes attributes = context_.realize(*archive_, wanted_);

  EXPECT_EQ(machine_.unpacked.at("/opt/app"), "bytes of a tar");
  EXPECT_EQ(attributes.at("digest"), Value(sha256("bytes of a tar")));

  archive_->remove(context_.own, context_);
  EXPECT_TRUE(machine_.unpacked.empty());
}

TEST_F(ArchiveItem, LeavesWhatItNeverTouched) {
  machine_.unpacked["/opt/app"] = "somebody's";
  context_.own.properties = wanted_;

  archive_->remove(context_.own, context_);

  EXPECT_TRUE(machine_.unpacked.contains("/opt/app"));
}

TEST_F(ArchiveItem, SaysThatTheArchiveIsAnotherWithoutItsBytes) {
  Properties other = wanted_;
  other["source"] = "other bytes";

  const Change change = archive_->compare(other, wanted_);

  EXPECT_EQ(change.kind, Change::Kind::Update);
  EXPECT_EQ(change.reasons, std::vector<std::string>{"source: another archive"});
}

TEST_F(ArchiveItem, IsGoneWithItsDirectory) {
  context_.realize(*archive_, wanted_);
  EXPECT_EQ(archive_->observe(context_.own, context_), context_.own.properties);

  machine_.files.erase("/opt/app");
  EXPECT_FALSE(archive_->observe(context_.own, context_));
}

}  // namespace
}  // namespace encamp::test
