// The components `network` and `storage`, in a fake world.
#include <gtest/gtest.h>

#include "components/network/network.h"
#include "components/storage/storage.h"
#include "tests/support/fake_context.h"

namespace encamp {
namespace {

using test::FakeContext;
using test::FakeWorld;
using Objects = std::vector<std::string>;

const Owner kNetwork{.deployment = "4c0c7d4e-3f0e-4c59-9f9a-1d2f0f5a9b11",
                     .address = "networks.lan"};
const Owner kStorage{.deployment = kNetwork.deployment, .address = "storage"};

Value names(const std::string& node) {
  return Value::List{
      Value::Mapping{{"address", "10.64.0.10"}, {"names", Value::List{node + ".lab.test", node}}}};
}

Properties bound_network() {
  return {{"subnet", "10.64.0.0/24"},   {"forward", "nat"},     {"gateway", "10.64.0.1"},
          {"bridge", "camp0123456789"}, {"domain", "lab.test"}, {"names", names("web")}};
}

class NetworkTest : public testing::Test {
 protected:
  Record record(const Properties& properties = bound_network()) {
    return {.address = kNetwork.address,
            .component = "network",
            .properties = properties,
            .claims = network_->claims(properties, kNetwork, "lab")};
  }

  ErrorKind kind_of_failure(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::Interrupted;
  }

  FakeWorld world_;
  FakeContext context_{world_, kNetwork};
  std::unique_ptr<const Component> network_ = make_network_component();
};

TEST_F(NetworkTest, IsMadeUnderItsNameAndTakenAway) {
  network_->realize(bound_network(), record(), context_);
  network_->realize(bound_network(), record(), context_);
  EXPECT_EQ(world_.here().objects(), Objects{"network encamp.lab.lan"});
  EXPECT_TRUE(world_.here().network_is_active("encamp.lab.lan"));

  network_->remove(record(), context_);
  network_->remove(record(), context_);
  EXPECT_EQ(world_.here().objects(), Objects{});
  EXPECT_EQ(world_.here().misuse(), Objects{});
}

TEST_F(NetworkTest, TakesAFailedCallForDoneWhenTheLookUpSaysSo) {
  world_.faults.fail("create_network", Error(ErrorKind::Unavailable, "connection reset"));
  network_->realize(bound_network(), record(), context_);

  world_.faults.fail("remove_network", Error(ErrorKind::Unavailable, "connection reset"));
  network_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), Objects{});
}

TEST_F(NetworkTest, FailsWhenNothingCameOfTheCall) {
  world_.faults.fail("create_network", Error(ErrorKind::NoRoom, "full"), 1,
                     test::Faults::When::Before);

  EXPECT_EQ(kind_of_failure([&] { network_->realize(bound_network(), record(), context_); }),
            ErrorKind::NoRoom);
}

TEST_F(NetworkTest, ChangesNamesInPlace) {
  network_->realize(bound_network(), record(), context_);
  Properties wanted = bound_network();
  wanted["names"] = names("db");
  const Change change = network_->compare(wanted, bound_network());
  EXPECT_EQ(change.kind, Change::Kind::Update);
  const int created = world_.faults.calls("create_network");

  network_->realize(wanted, record(), context_);

  EXPECT_EQ(world_.here().find_network(record().claims[0])->names[0].names[1], "db");
  EXPECT_EQ(world_.faults.calls("create_network"), created);
}

TEST_F(NetworkTest, IsKeptWhileNothingChangesAndReplacedForAnotherSubnet) {
  EXPECT_EQ(network_->compare(bound_network(), bound_network()).kind, Change::Kind::Keep);

  Properties wanted = bound_network();
  wanted["subnet"] = "10.65.0.0/24";
  EXPECT_EQ(network_->compare(wanted, bound_network()).kind, Change::Kind::Replace);
}

TEST_F(NetworkTest, NeverTouchesAForeignOneOfItsName) {
  world_.here().add_foreign_network("encamp.lab.lan");

  EXPECT_EQ(kind_of_failure([&] { network_->realize(bound_network(), record(), context_); }),
            ErrorKind::Conflict);
  network_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), Objects{"network encamp.lab.lan"});
}

TEST_F(NetworkTest, IsSeenAsItIs) {
  EXPECT_FALSE(network_->observe(record(), context_));

  network_->realize(bound_network(), record(), context_);
  const std::optional<Properties> seen = network_->observe(record(), context_);
  ASSERT_TRUE(seen);
  EXPECT_EQ(network_->compare(bound_network(), *seen).kind, Change::Kind::Keep);

  Properties broken = *seen;
  broken["broken"] = "its DNS server is gone";
  EXPECT_EQ(network_->compare(bound_network(), broken).reasons, Objects{"its DNS server is gone"});
}

class StorageTest : public testing::Test {
 protected:
  Record record() {
    return {.address = kStorage.address,
            .component = "storage",
            .claims = storage_->claims({}, kStorage, "lab")};
  }

  FakeWorld world_;
  FakeContext context_{world_, kStorage};
  std::unique_ptr<const Component> storage_ = make_storage_component();
};

class OneByte : public Content {
 public:
  Bytes size() const override { return {1}; }
  std::optional<Extent> next() override { return std::nullopt; }
};

TEST_F(StorageTest, IsMadeAndTakenAwayWithWhatCameLate) {
  world_.faults.fail("create_pool", Error(ErrorKind::Unavailable, "connection reset"));
  storage_->realize({}, record(), context_);
  EXPECT_TRUE(storage_->observe(record(), context_));
  OneByte byte;
  world_.here().create_volume({"encamp.lab", "web.1.disk"}, byte);

  storage_->remove(record(), context_);
  storage_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), Objects{});
}

TEST_F(StorageTest, KeepsAFileThatSomebodyPutThere) {
  storage_->realize({}, record(), context_);
  OneByte byte;
  world_.here().create_volume({"encamp.lab", "holiday.jpg"}, byte);

  EXPECT_THROW(storage_->remove(record(), context_), Error);

  EXPECT_EQ(world_.here().objects().size(), 2U);
}

TEST_F(StorageTest, NeverTouchesAForeignPoolOfItsName) {
  world_.here().add_foreign_pool("encamp.lab");
  const Objects before = world_.here().objects();

  EXPECT_THROW(storage_->realize({}, record(), context_), Error);
  storage_->remove(record(), context_);

  EXPECT_EQ(world_.here().objects(), before);
}

}  // namespace
}  // namespace encamp
