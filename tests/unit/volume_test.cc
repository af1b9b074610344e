// The component `volume`, in a fake world.
#include "components/volume/volume.h"

#include <gtest/gtest.h>

#include "tests/support/fake_context.h"

namespace encamp {
namespace {

using test::FakeContext;
using test::FakeWorld;
using Objects = std::vector<std::string>;

const Owner kVolume{.deployment = "4c0c7d4e-3f0e-4c59-9f9a-1d2f0f5a9b11",
                    .address = "volumes.session"};
const Claim kPool{
    .kind = Claim::Kind::Pool, .name = "encamp.lab", .uuid = uuid_of(kVolume, "some pool")};

class VolumeTest : public testing::Test {
 protected:
  VolumeTest() { world_.here().create_pool(kPool); }

  Record record() const {
    return {.address = kVolume.address,
            .component = "volume",
            .properties = {{"size", Bytes::gibi(2)}},
            .claims = volume_->claims({}, kVolume, "lab")};
  }

  // A node that mounts it, wrote something and is gone.
  void write_something() {
    const Claim guest{.kind = Claim::Kind::Guest, .name = "encamp.lab.web", .uuid = "some guest"};
    world_.here().define_guest({.claim = guest,
                                .owner = kVolume,
                                .shares = {{{"encamp.lab", "session.1.volume"}, "share1"}}});
    world_.here().start_guest(guest);
    world_.here().destroy_guest(guest);
    world_.here().undefine_guest(guest);
  }

  const Objects kNothing{"pool encamp.lab"};
  const Objects kVolumeAlone{"pool encamp.lab", "volume encamp.lab/session.1.volume"};
  FakeWorld world_;
  FakeContext context_{world_, kVolume};
  std::unique_ptr<const Component> volume_ = make_volume_component();
};

TEST_F(VolumeTest, IsADirectoryThatGoesWhenItIsEmpty) {
  volume_->realize({}, record(), context_);
  const Attributes attributes = volume_->realize({}, record(), context_);
  EXPECT_EQ(world_.here().objects(), kVolumeAlone);
  EXPECT_EQ(attributes.at("place").find("name")->text(), "session.1.volume");
  EXPECT_TRUE(volume_->observe(record(), context_));

  volume_->remove(record(), context_);
  volume_->remove(record(), context_);
  EXPECT_EQ(world_.here().objects(), kNothing);
  EXPECT_EQ(world_.faults.calls("define_guest"), 0);
  EXPECT_FALSE(volume_->observe(record(), context_));
}

TEST_F(VolumeTest, IsEmptiedByAContainerThatGoesToo) {
  volume_->realize({}, record(), context_);
  write_something();

  volume_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), kNothing);
  EXPECT_EQ(world_.here().misuse(), Objects{});
}

TEST_F(VolumeTest, TakesFailedCallsForDoneWhenTheLookUpSaysSo) {
  const Error lost(ErrorKind::Unavailable, "connection reset");
  world_.faults.fail("create_directory", lost);
  volume_->realize({}, record(), context_);
  write_something();

  world_.faults.fail("define_guest", lost);
  world_.faults.fail("start_guest", lost);
  world_.faults.fail("undefine_guest", lost);
  volume_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), kNothing);
}

TEST_F(VolumeTest, RemovesWhatACutOffRemovalLeft) {
  volume_->realize({}, record(), context_);
  write_something();
  world_.faults.fail("start_guest", Error(ErrorKind::Interrupted, "interrupted"), 1,
                     test::Faults::When::Before);
  EXPECT_THROW(volume_->remove(record(), context_), Error);
  EXPECT_EQ(world_.here().objects().size(), 4U);

  volume_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), kNothing);
}

TEST_F(VolumeTest, SaysWhyItCouldNotBeEmptied) {
  volume_->realize({}, record(), context_);
  write_something();
  world_.faults.fail("start_guest", Error(ErrorKind::Failed, "no loop device"), 1,
                     test::Faults::When::Before);

  try {
    volume_->remove(record(), context_);
    FAIL() << "removed it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Failed);
    EXPECT_EQ(error.detail(), "no loop device");
  }
  EXPECT_EQ(world_.here().objects(), kVolumeAlone);
}

TEST_F(VolumeTest, NeverTouchesAForeignGuestOfItsName) {
  volume_->realize({}, record(), context_);
  write_something();
  world_.here().add_foreign_guest("encamp.lab.volume.session");

  EXPECT_THROW(volume_->remove(record(), context_), Error);

  EXPECT_EQ(world_.here().objects(), (Objects{"guest encamp.lab.volume.session", "pool encamp.lab",
                                              "volume encamp.lab/session.1.volume"}));
}

TEST_F(VolumeTest, ClaimsAllThatItMayMake) {
  Objects claimed;
  for (const Claim& claim : record().claims)
    claimed.push_back(claim.name);
  EXPECT_EQ(claimed.size(), 3U);
  EXPECT_EQ(claimed.front(), "session.1.volume");
  EXPECT_EQ(volume_->compare({{"size", Bytes::gibi(3)}}, record().properties).kind,
            Change::Kind::Update);
}

}  // namespace
}  // namespace encamp
