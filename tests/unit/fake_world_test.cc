// The fakes promise what libvirt and SSH do; components are tested against these promises.
#include "tests/support/fake_world.h"

#include <gtest/gtest.h>

#include "engine/state/deployment.h"
#include "tests/support/memory_journal.h"

namespace encamp::test {
namespace {

Claim network(const std::string& uuid) {
  return {.kind = Claim::Kind::Network, .name = "encamp.lab.lan", .uuid = uuid};
}

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::Interrupted;
}

TEST(FakeHost, FindsAForeignNetworkOfOurNameWithoutOwnerAndRefusesToMakeIt) {
  FakeWorld world;
  world.here().add_foreign_network("encamp.lab.lan");

  const auto found = world.here().find_network(network("1"));

  ASSERT_TRUE(found);
  EXPECT_FALSE(found->owner);
  EXPECT_EQ(kind_of([&] { world.here().create_network({.claim = network("1")}); }),
            ErrorKind::Conflict);
  world.here().remove_network(network("1"));
  EXPECT_EQ(world.here().objects(), std::vector<std::string>{"network encamp.lab.lan"});
}

TEST(FakeHost, FailsAfterTakingEffect) {
  FakeWorld world;
  world.faults.fail("create_network", Error(ErrorKind::Unavailable, "connection reset"));

  EXPECT_EQ(kind_of([&] { world.here().create_network({.claim = network("1")}); }),
            ErrorKind::Unavailable);

  EXPECT_TRUE(world.here().find_network(network("1")));
}

TEST(FakeHost, DoesNotRemoveAPoolThatHoldsVolumes) {
  FakeWorld world;
  const Claim pool{.kind = Claim::Kind::Pool, .name = "encamp.lab", .uuid = "1"};
  FakeContent content(Bytes::mebi(1), "data");
  world.here().create_pool(pool);
  world.here().create_volume({"encamp.lab", "web.1.disk"}, content);

  EXPECT_EQ(kind_of([&] { world.here().remove_pool(pool); }), ErrorKind::Failed);
  FakeContent again(Bytes::mebi(1), "data");
  EXPECT_EQ(kind_of([&] {
              world.here().create_volume({"encamp.lab", "web.1.disk"}, again);
            }),
            ErrorKind::Conflict);
}

TEST(FakeWorld, DiesAtACallAndStaysDeadUntilRevived) {
  FakeWorld world;
  world.faults.kill_at(1, Faults::When::After);

  EXPECT_THROW(world.here().create_network({.claim = network("1")}), Killed);
  EXPECT_THROW(world.here().inventory(), Killed);
  world.faults.revive();

  EXPECT_TRUE(world.here().find_network(network("1")));
}

TEST(FakeWorld, LetsInWhoExpectsTheHostKeyThatLiesOnTheNodesDisk) {
  FakeWorld world;
  FakeHost& host = world.here();
  const SshKey key = world.make_ssh_key();
  ImageRecipe recipe{.debian = "bookworm", .packages = {"nginx-light"}};
  BuiltImage image = world.workshop().build(recipe, Isolation::Container, {});
  const auto disk = world.workshop().make_disk(
      {Bytes::gibi(1), {{"identity/address", 0644, "10.0.0.2"}, {"key", 0600, key.private_key}}});
  host.create_pool({.kind = Claim::Kind::Pool, .name = "p", .uuid = "1"});
  host.create_volume({"p", "root"}, *image.root);
  host.create_volume({"p", "disk"}, *disk);
  const Claim claim{.name = "web", .uuid = "2"};
  host.define_guest({.claim = claim, .image = {"p", "root"}, .disk = {"p", "disk"}});
  host.start_guest(claim);
  const auto soon = world.clock().now() + std::chrono::seconds(1);

  const auto guest = world.connect({.address = "10.0.0.2", .host_key = key.public_key}, soon, {});

  EXPECT_EQ(guest->installed({"nginx-light", "curl"}).size(), 1U);
  EXPECT_TRUE(guest->unit("nginx.service").known);
  EXPECT_EQ(kind_of([&] {
              world.connect({.address = "10.0.0.2", .host_key = "ssh-ed25519 7"}, soon, {});
            }),
            ErrorKind::Denied);
  EXPECT_EQ(kind_of([&] { world.connect({.address = "10.0.0.20"}, soon, {}); }),
            ErrorKind::Timeout);
  EXPECT_EQ(world.clock().now(), soon);
}

TEST(MemoryJournal, KeepsWhatWasCommittedAndErasesWhatIsGone) {
  Faults faults;
  MemoryJournal journal(faults);
  Record record{.address = "networks.lan", .component = "network"};
  journal.commit({.put = {record}, .deployment = Deployment{.name = "lab", .id = "1"}});
  EXPECT_EQ(journal.records().size(), 1U);
  EXPECT_EQ(journal.deployment()->name, "lab");

  record.life = Life::Gone;
  journal.commit({.put = {record}});

  EXPECT_TRUE(journal.records().empty());
}

}  // namespace
}  // namespace encamp::test
