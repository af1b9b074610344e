// LibvirtHost with libvirt's test driver: no daemon, nothing real, one state per process.
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/libvirt_host.h"
#include "src/libvirt_network.h"

namespace encamp {
namespace {

using Power = GuestState::Power;

class Nothing : public Content {
 public:
  explicit Nothing(std::int64_t size) : size_(size) {}
  Bytes size() const override { return {size_}; }
  std::optional<Extent> next() override { return std::nullopt; }

 private:
  std::int64_t size_;
};

class LibvirtTestDriver : public testing::Test {
 protected:
  static Owner owner(const std::string& address) {
    return {.deployment = "4c0c7d4e-3f0e-4c59-9f9a-1d2f0f5a9b11", .address = address};
  }

  static Claim claim(Claim::Kind kind, const std::string& name) {
    return {.kind = kind, .name = name, .uuid = uuid_of(owner(name), "thing")};
  }

  NetworkSpec network_spec() {
    const Claim network = claim(Claim::Kind::Network, "encamp.t.lan");
    return {.claim = network,
            .owner = owner("networks.lan"),
            .bridge = bridge_of(network.uuid),
            .domain = "t.test",
            .subnet = "10.9.8.0/24",
            .gateway = "10.9.8.1",
            .names = {{.address = "10.9.8.10", .names = {"web.t.test", "web"}}}};
  }

  GuestSpec machine() {
    const Claim pool = claim(Claim::Kind::Pool, "encamp.t");
    host_.create_pool(pool);
    for (const char* name : {"image", "disk", "kernel", "initrd", "console"}) {
      Nothing nothing(0);
      host_.create_volume({.pool = pool.name, .name = name}, nothing);
    }
    return {.claim = claim(Claim::Kind::Guest, "encamp.t.web"),
            .owner = owner("nodes.web"),
            .isolation = Isolation::Machine,
            .memory = Bytes::mebi(256),
            .image = {pool.name, "image"},
            .disk = {pool.name, "disk"},
            .kernel = {pool.name, "kernel"},
            .initrd = {pool.name, "initrd"},
            .console = {pool.name, "console"},
            .nics = {{.network = "encamp.t.lan", .mac = "52:54:00:01:02:03"}}};
  }

  LibvirtHost host_{HostSettings{.name = "test", .connect = {"test:///default"}, .storage = "/s"}};
};

TEST_F(LibvirtTestDriver, MakesANetworkAgainWithoutHarm) {
  const NetworkSpec spec = network_spec();

  host_.create_network(spec);
  host_.create_network(spec);

  const std::optional<NetworkState> state = host_.find_network(spec.claim);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->owner, spec.owner);
  EXPECT_TRUE(state->active);
  EXPECT_EQ(state->subnet, spec.subnet);
  EXPECT_EQ(state->names, spec.names);
  host_.remove_network(spec.claim);
  host_.remove_network(spec.claim);
  EXPECT_FALSE(host_.find_network(spec.claim));
}

TEST_F(LibvirtTestDriver, FindsAForeignNetworkOfOurNameWithoutAnOwner) {
  const std::optional<NetworkState> state =
      host_.find_network({.name = "default", .uuid = uuid_of(owner("x"), "network")});

  ASSERT_TRUE(state);
  EXPECT_FALSE(state->owner);
}

TEST_F(LibvirtTestDriver, FindsAForeignGuestOfOurNameAndTouchesNothing) {
  const Claim ours{.name = "test", .uuid = uuid_of(owner("test"), "guest")};
  const std::optional<GuestState> before = host_.find_guest(ours);
  ASSERT_TRUE(before);
  EXPECT_FALSE(before->owner);
  EXPECT_EQ(before->power, Power::Running);

  host_.shut_down_guest(ours);
  host_.destroy_guest(ours);
  host_.undefine_guest(ours);

  EXPECT_EQ(host_.find_guest(ours)->power, Power::Running);
}

TEST_F(LibvirtTestDriver, LetsAMachineLiveAndDie) {
  const GuestSpec spec = machine();

  host_.define_guest(spec);
  EXPECT_EQ(host_.find_guest(spec.claim)->power, Power::Off);
  host_.start_guest(spec.claim);
  host_.start_guest(spec.claim);
  const std::optional<GuestState> state = host_.find_guest(spec.claim);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->power, Power::Running);
  EXPECT_EQ(state->owner, spec.owner);
  EXPECT_EQ(state->memory, spec.memory);
  EXPECT_EQ(state->isolation, Isolation::Machine);

  host_.shut_down_guest(spec.claim);
  host_.destroy_guest(spec.claim);
  host_.destroy_guest(spec.claim);
  host_.undefine_guest(spec.claim);
  host_.undefine_guest(spec.claim);
  EXPECT_FALSE(host_.find_guest(spec.claim));
}

TEST_F(LibvirtTestDriver, ListsWhatIsOursWithItsOwner) {
  const NetworkSpec network = network_spec();
  host_.create_network(network);

  const Inventory inventory = host_.inventory();

  EXPECT_FALSE(inventory.containers);
  EXPECT_TRUE(inventory.machines);
  EXPECT_FALSE(inventory.kvm);
  EXPECT_GT(inventory.memory, Bytes::mebi(1));
  ASSERT_EQ(inventory.ours.size(), 1U);  // And not the driver's own network and guest.
  EXPECT_EQ(inventory.ours[0].owner, network.owner);
  EXPECT_EQ(inventory.ours[0].claim.uuid, network.claim.uuid);
  EXPECT_NE(std::ranges::find(inventory.subnets, "10.9.8.0/24"), inventory.subnets.end());
}

TEST_F(LibvirtTestDriver, LeavesNoVolumeBehindWhenTheUploadIsRefused) {
  const Claim pool = claim(Claim::Kind::Pool, "encamp.t");
  host_.create_pool(pool);
  Nothing content(1 << 20);  // The test driver has no upload.

  EXPECT_THROW(host_.create_volume({pool.name, "x"}, content), Error);

  EXPECT_FALSE(host_.find_volume({pool.name, "x"}));
}

TEST(LibvirtHost, SaysWhatToDoWhereNoLibvirtdAnswers) {
  LibvirtHost host({.connect = {"qemu+unix:///system?socket=/nonexistent/libvirt-sock"}});

  try {
    host.inventory();
    FAIL() << "it answered";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unavailable) << error.what();
    EXPECT_EQ(error.hint(), "encamp doctor --start");
    EXPECT_NE(std::string(error.what()).find("cannot connect to qemu+unix"), std::string::npos);
  }
}

TEST(LibvirtHost, HasNoContainersWhereNoDriverHasThem) {
  LibvirtHost host({.connect = {"test:///default"}});

  EXPECT_THROW(host.define_guest({.claim = {.name = "x", .uuid = "y"}}), Error);
}

}  // namespace
}  // namespace encamp
