// The components `image` and `node`, in a fake world.
#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "components/image/image.h"
#include "components/node/layout.h"
#include "components/node/node.h"
#include "tests/support/fake_context.h"
#include "tests/support/golden.h"

namespace encamp {
namespace {

using test::FakeWorld;
using test::Faults;
using Objects = std::vector<std::string>;

constexpr const char* kDeployment = "4c0c7d4e-3f0e-4c59-9f9a-1d2f0f5a9b11";

// Connects to the node itself.
class NodeContext : public test::FakeContext {
 public:
  NodeContext(FakeWorld& world, Owner owner)
      : FakeContext(world, std::move(owner)), fake_world_(world) {}

  Guest& guest_by(Clock::Instant deadline) override {
    guest_ = fake_world_.connect({.address = "10.64.0.10",
                                  .host_key = ssh_key(owner().address).public_key,
                                  .private_key = ssh_key("ssh").private_key},
                                 deadline, {});
    return *guest_;
  }
  Clock::Instant deadline() const override { return Clock::Instant(std::chrono::hours(1)); }

 private:
  FakeWorld& fake_world_;
  std::unique_ptr<Guest> guest_;
};

Properties image_properties(const std::string& kind) {
  return {{"debian", "bookworm"}, {"packages", Value::List{"curl"}}, {"kinds", Value::List{kind}}};
}

Properties node_properties(const std::string& kind) {
  return {{"name", "web"},
          {"hostname", "web.lab.test"},
          {"kind", kind},
          {"kvm", false},
          {"memory", Bytes::mebi(256)},
          {"disk", Bytes::gibi(4)},
          {"image", Reference{"images.debian"}},
          {"essence", Value::Mapping{{"debian", "bookworm"}}},
          {"networks", Value::Mapping{{"lan", Value::Mapping{{"address", "10.64.0.10"},
                                                             {"mac", "52:54:00:00:00:0a"},
                                                             {"gateway", "10.64.0.1"},
                                                             {"prefix", 24}}}}}};
}

ErrorKind kind_of_failure(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::Interrupted;
}

TEST(NodeLayout, TellsInitWhatToMountInTheOrderOfThePaths) {
  Properties properties = node_properties("container");
  properties["mounts"] = Value::Mapping{{"/srv/b/in", Reference{"volumes.one"}},
                                        {"/srv/b", Reference{"volumes.two"}},
                                        {"/srv/none", Value()}};
  const NodeLayout layout(properties, {kDeployment, "nodes.web", 1}, "lab");

  ASSERT_EQ(layout.mounts.size(), 2U);
  EXPECT_EQ(layout.mounts[0].volume, "volumes.two");
  for (const DiskFile& file : disk_files(layout, {})) {
    if (file.path == "shares") {
      EXPECT_EQ(file.content, "share1 /srv/b\nshare2 /srv/b/in\n");
    }
  }
}

class ImageTest : public testing::Test {
 protected:
  Attributes realize(const std::string& kind = "container") {
    return image_->realize(image_properties(kind), {}, context_);
  }

  FakeWorld world_;
  NodeContext context_{world_, {.deployment = kDeployment, .address = "images.debian"}};
  std::unique_ptr<const Component> image_ = make_image_component();
};

TEST_F(ImageTest, IsBuiltOnceAndStays) {
  const Attributes first = realize();
  const Attributes second = realize();
  image_->remove({.address = "images.debian", .attributes = first}, context_);

  const std::string root = first.at("container").find("root")->text();
  const std::string key = first.at("container").find("key")->text();
  EXPECT_EQ(first, second);
  EXPECT_EQ(world_.faults.calls("build"), 1);
  EXPECT_EQ(world_.here().objects(),
            (Objects{"pool encamp.images", "volume encamp.images/" + key + ".complete",
                     "volume encamp.images/" + root}));
}

TEST_F(ImageTest, OfAMachineHasKernelAndInitrd) {
  const Attributes attributes = realize("machine");

  const Value& machine = attributes.at("machine");
  for (const char* part : {"root", "kernel", "initrd"})
    EXPECT_TRUE(world_.here().find_volume({"encamp.images", machine.find(part)->text()})) << part;
}

TEST_F(ImageTest, ThatIsHalfMadeIsMadeAgain) {
  world_.faults.fail("create_volume", Error(ErrorKind::Unavailable, "connection reset"));
  EXPECT_EQ(kind_of_failure([&] { realize(); }), ErrorKind::Unavailable);

  const Attributes attributes = realize();

  EXPECT_EQ(world_.faults.calls("build"), 2);
  EXPECT_TRUE(image_->observe({.attributes = attributes}, context_));
}

TEST_F(ImageTest, SurvivesDeathAtAnyCall) {
  realize();
  const int calls = world_.faults.calls();
  for (int nth = 1; nth <= calls; ++nth) {
    for (const Faults::When when : {Faults::When::Before, Faults::When::After}) {
      FakeWorld world;
      NodeContext context(world, context_.owner());
      world.faults.kill_at(nth, when);
      EXPECT_THROW(image_->realize(image_properties("container"), {}, context), Killed);
      world.faults.revive();

      const Attributes attributes = image_->realize(image_properties("container"), {}, context);

      EXPECT_TRUE(image_->observe({.attributes = attributes}, context)) << nth;
      EXPECT_EQ(world.here().objects().size(), 3U) << nth;
    }
  }
}

TEST_F(ImageTest, IsGoneWhenItsMarkerIs) {
  const Attributes attributes = realize();
  const std::string key = attributes.at("container").find("key")->text();
  world_.here().remove_volume({"encamp.images", key + ".complete"});

  EXPECT_FALSE(image_->observe({.attributes = attributes}, context_));
}

TEST_F(ImageTest, LeavesAForeignPoolAlone) {
  world_.here().add_foreign_pool("encamp.images");

  EXPECT_EQ(kind_of_failure([&] { realize(); }), ErrorKind::Conflict);
  EXPECT_EQ(world_.here().objects(),
            (Objects{"pool encamp.images", "volume encamp.images/theirs"}));
}

TEST_F(ImageTest, IsUpdatedForAnotherKind) {
  EXPECT_EQ(image_->compare(image_properties("machine"), image_properties("container")).kind,
            Change::Kind::Update);
  EXPECT_EQ(image_->compare(image_properties("machine"), image_properties("machine")).kind,
            Change::Kind::Keep);
}

class NodeTest : public testing::TestWithParam<const char*> {
 protected:
  NodeTest() { prepare(world_, context_); }

  void prepare(FakeWorld& world, NodeContext& context) {
    world.here().create_pool({.kind = Claim::Kind::Pool, .name = "encamp.lab", .uuid = "pool"});
    const Owner owner{.deployment = kDeployment, .address = "networks.lan"};
    world.here().create_network({.claim = {.kind = Claim::Kind::Network,
                                           .name = "encamp.lab.lan",
                                           .uuid = uuid_of(owner, "network")},
                                 .owner = owner});
    const std::unique_ptr<const Component> image = make_image_component();
    context.records["images.debian"] = {
        .address = "images.debian",
        .attributes = image->realize(image_properties(GetParam()), {}, context)};
  }

  Record record(const Properties& properties = node_properties(GetParam())) {
    return {.address = "nodes.web",
            .component = "node",
            .properties = properties,
            .claims = node_->claims(properties, context_.owner(), "lab")};
  }

  // What is there besides image, network and pool.
  static Objects made(const FakeWorld& world) {
    Objects all = const_cast<FakeWorld&>(world).here().objects();
    std::erase_if(all, [](const std::string& object) {
      return object.find("encamp.images") != std::string::npos ||
             !(object.starts_with("guest") || object.starts_with("volume"));
    });
    return all;
  }

  bool is_machine() const { return std::string(GetParam()) == "machine"; }

  Objects expected() const {
    Objects all{"guest encamp.lab.web"};
    if (is_machine())
      all.push_back("volume encamp.lab/web.1.console");
    all.push_back("volume encamp.lab/web.1.disk");
    return all;
  }

  FakeWorld world_;
  NodeContext context_{world_, {.deployment = kDeployment, .address = "nodes.web"}};
  std::unique_ptr<const Component> node_ = make_node_component();
};

TEST_P(NodeTest, IsMadeAndTakenAway) {
  const Attributes attributes = node_->realize(node_properties(GetParam()), record(), context_);
  node_->realize(node_properties(GetParam()), record(), context_);

  EXPECT_EQ(attributes.at("ssh_host_key").text(), context_.ssh_key("nodes.web").public_key);
  EXPECT_EQ(made(world_), expected());
  EXPECT_EQ(world_.faults.calls("make_disk"), 1);
  node_->remove(record(), context_);
  node_->remove(record(), context_);
  EXPECT_EQ(made(world_), Objects{});
  EXPECT_EQ(world_.here().misuse(), Objects{});
}

TEST_P(NodeTest, GrowsItsDiskWhileItIsOff) {
  node_->realize(node_properties(GetParam()), record(), context_);
  Properties larger = node_properties(GetParam());
  larger["disk"] = Bytes::gibi(64);
  EXPECT_EQ(node_->compare(larger, node_properties(GetParam())).kind, Change::Kind::Update);
  EXPECT_TRUE(node_->compare(larger, node_properties(GetParam())).restarts);
  EXPECT_EQ(node_->compare(node_properties(GetParam()), larger).kind, Change::Kind::Replace);

  node_->realize(larger, record(), context_);

  EXPECT_EQ(world_.here().find_volume({"encamp.lab", "web.1.disk"})->capacity, Bytes::gibi(64));
  EXPECT_EQ(world_.here().running().size(), 1U);
  EXPECT_EQ(world_.faults.calls("make_disk"), 1) << "what is on it stays";
  EXPECT_EQ(world_.here().misuse(), Objects{});
}

Properties with_disks(Properties properties, const Value::Mapping& disks) {
  properties["disks"] = disks;
  return properties;
}

Value data_disk(Bytes size, const char* mount) {
  return Value::Mapping{{"size", size}, {"mount", mount}};
}

TEST_P(NodeTest, HasDataDisksThatGrowAndGoWithIt) {
  const Properties wanted =
      with_disks(node_properties(GetParam()), {{"scratch", data_disk(Bytes::gibi(2), "/scratch")}});
  const Properties larger =
      with_disks(node_properties(GetParam()), {{"scratch", data_disk(Bytes::gibi(3), "/scratch")}});
  const Owner& owner = context_.owner();
  Record own = record();
  own.properties = wanted;
  own.claims = node_->claims(wanted, owner, "lab");

  node_->realize(wanted, own, context_);
  EXPECT_EQ(world_.here().find_volume({"encamp.lab", "web.1.d1"})->capacity, Bytes::gibi(2));
  ASSERT_EQ(world_.here().running().size(), 1U);
  EXPECT_EQ(world_.here().running().front().data_disks,
            (std::vector<VolumeId>{{"encamp.lab", "web.1.d1"}}));

  node_->realize(larger, own, context_);
  EXPECT_EQ(world_.here().find_volume({"encamp.lab", "web.1.d1"})->capacity, Bytes::gibi(3));
  EXPECT_EQ(world_.here().running().size(), 1U);

  node_->remove(own, context_);
  EXPECT_EQ(made(world_), Objects{});
  EXPECT_EQ(world_.here().misuse(), Objects{});
}

TEST_P(NodeTest, IsReplacedByOtherDataDisksAndSaysWhich) {
  const Properties none = node_properties(GetParam());
  const Properties small = with_disks(none, {{"a", data_disk(Bytes::gibi(1), "/a")}});
  const Properties large = with_disks(none, {{"a", data_disk(Bytes::gibi(2), "/a")}});
  const Properties moved = with_disks(none, {{"a", data_disk(Bytes::gibi(1), "/b")}});
  using Reasons = std::vector<std::string>;
  const auto change = [&](const Properties& now, const Properties& then) {
    return node_->compare(now, then);
  };

  EXPECT_EQ(change(large, small).kind, Change::Kind::Update);
  EXPECT_TRUE(change(large, small).restarts);
  EXPECT_EQ(change(large, small).reasons, Reasons{"disks.a.size: 1 GiB -> 2 GiB"});
  for (const auto& [now, then, reason] : {std::tuple(small, large, "disks.a.size: 2 GiB -> 1 GiB"),
                                          {moved, small, "disks.a.mount: /a -> /b"},
                                          {small, none, "disks.a: 1 GiB at /a added"},
                                          {none, small, "disks.a removed"}}) {
    EXPECT_EQ(change(now, then).kind, Change::Kind::Replace) << reason;
    EXPECT_EQ(change(now, then).reasons, Reasons{reason});
  }
  EXPECT_EQ(change(small, small).kind, Change::Kind::Keep);
}

TEST_P(NodeTest, RefusesDataDisksInTheWayOfEachOtherAndOfVolumes) {
  Resource node{.address = "nodes.web", .component = "node"};
  node.properties =
      with_disks(node_properties(GetParam()), {{"a", data_disk(Bytes::gibi(1), "/srv")},
                                               {"b", data_disk(Bytes::gibi(1), "/srv")},
                                               {"c", data_disk(Bytes::gibi(1), "/x/../y")},
                                               {"d", data_disk(Bytes::gibi(1), "/srv/jobs/in")}});
  node.properties["mounts"] = Value::Mapping{{"/srv/jobs", Reference{"volumes.jobs"}}};
  Diagnostics diagnostics;

  node_->check(node, diagnostics);

  std::vector<std::string> summaries;
  for (const Diagnostic& diagnostic : diagnostics.all())
    summaries.push_back(diagnostic.summary);
  EXPECT_EQ(summaries, (std::vector<std::string>{
                           "disk 'a' would hide the volume that is mounted at '/srv/jobs'",
                           "disks 'a' and 'b' are mounted at the same place, '/srv'",
                           "disk 'b' would hide the volume that is mounted at '/srv/jobs'",
                           "'/x/../y' cannot be where disk 'c' is mounted"}));
}

TEST_P(NodeTest, SaysThatTheFileSystemOfALargerDiskStayedSmall) {
  node_->realize(node_properties(GetParam()), record(), context_);
  world_.shell = [](test::FakeMachine&, const Command& command) {
    return CommandResult{.output = command.text.starts_with("stat -f") ? "1000 4096\n" : ""};
  };
  Properties larger = node_properties(GetParam());
  larger["disk"] = Bytes::gibi(64);

  EXPECT_EQ(kind_of_failure([&] { node_->realize(larger, record(), context_); }),
            ErrorKind::Failed);
}

TEST_P(NodeTest, IsMadeAndGoneAfterDeathAtAnyCall) {
  const int before = world_.faults.calls();
  node_->realize(node_properties(GetParam()), record(), context_);
  const int calls = world_.faults.calls() - before;
  for (int nth = 1; nth <= calls; ++nth) {
    for (const Faults::When when : {Faults::When::Before, Faults::When::After}) {
      FakeWorld world;
      NodeContext context(world, context_.owner());
      prepare(world, context);
      world.faults.revive();
      world.faults.kill_at(nth, when);
      EXPECT_THROW(node_->realize(node_properties(GetParam()), record(), context), Killed);
      world.faults.revive();

      if (nth % 2 == 0) {
        node_->realize(node_properties(GetParam()), record(), context);
        EXPECT_EQ(made(world), expected()) << nth;
      }
      node_->remove(record(), context);

      EXPECT_EQ(made(world), Objects{}) << nth;
      EXPECT_EQ(world.here().misuse(), Objects{}) << nth;
    }
  }
}

TEST_P(NodeTest, TakesAFailedCallForDoneWhenTheLookUpSaysSo) {
  for (const char* call : {"define_guest", "start_guest", "undefine_guest", "remove_volume"})
    world_.faults.fail(call, Error(ErrorKind::Unavailable, "connection reset"));

  node_->realize(node_properties(GetParam()), record(), context_);
  node_->remove(record(), context_);

  EXPECT_EQ(made(world_), Objects{});
}

TEST_P(NodeTest, LeavesAForeignGuestAlone) {
  world_.here().add_foreign_guest("encamp.lab.web");

  EXPECT_EQ(
      kind_of_failure([&] { node_->realize(node_properties(GetParam()), record(), context_); }),
      ErrorKind::Conflict);
  node_->remove(record(), context_);

  EXPECT_EQ(made(world_), Objects{"guest encamp.lab.web"});
}

TEST_P(NodeTest, ChangesItsMemoryAndKeepsItsDisk) {
  node_->realize(node_properties(GetParam()), record(), context_);
  Properties wanted = node_properties(GetParam());
  wanted["memory"] = Bytes::mebi(512);
  EXPECT_EQ(node_->compare(wanted, node_properties(GetParam())).kind, Change::Kind::Update);

  node_->realize(wanted, record(), context_);

  EXPECT_EQ(node_->observe(record(), context_)->at("memory"), Value(Bytes::mebi(512)));
  EXPECT_EQ(world_.faults.calls("make_disk"), 1);
  EXPECT_EQ(world_.here().misuse(), Objects{});
}

TEST_P(NodeTest, GivesUpWhenNobodyCanLogIn) {
  const auto begin = context_.clock().now();

  EXPECT_EQ(kind_of_failure([&] {
              class Impatient : public NodeContext {
               public:
                using NodeContext::NodeContext;
                Guest& guest_by(Clock::Instant deadline) override {
                  clock().sleep(deadline - clock().now(), {});
                  throw Error(ErrorKind::Timeout, "port 22 did not open");
                }
              } impatient(world_, context_.owner());
              impatient.records = context_.records;
              node_->realize(node_properties(GetParam()), record(), impatient);
            }),
            ErrorKind::Timeout);

  EXPECT_EQ(context_.clock().now() - begin,
            is_machine() ? std::chrono::seconds(180) : std::chrono::seconds(60));
}

TEST_P(NodeTest, IsReplacedForAnotherBaseAndNotForWhatIsBaked) {
  const Properties now = node_properties(GetParam());
  Properties baked = now;
  baked["image"] = Reference{"images['debian + curl']"};
  Properties other = now;
  other["essence"] = Value::Mapping{{"debian", "trixie"}};
  Properties smaller = now;
  smaller["disk"] = Bytes::mebi(1);

  EXPECT_EQ(node_->compare(baked, now).kind, Change::Kind::Keep);
  EXPECT_EQ(node_->compare(other, now).kind, Change::Kind::Replace);
  EXPECT_EQ(node_->compare(other, now).reasons,
            std::vector<std::string>{"image: {debian: \"bookworm\"} -> {debian: \"trixie\"}"});
  EXPECT_EQ(node_->compare(smaller, now).kind, Change::Kind::Replace);
}

INSTANTIATE_TEST_SUITE_P(Kinds, NodeTest, testing::Values("container", "machine"),
                         [](const auto& kind) { return std::string(kind.param); });

TEST(NodeLayout, DiskHasNetworkAndIdentity) {
  const NodeLayout node(node_properties("container"),
                        {.deployment = kDeployment, .address = "nodes.web"}, "lab");

  std::string text;
  for (const DiskFile& file :
       disk_files(node, {"PRIVATE\n", "ssh-ed25519 AAAAhost", {"ssh-ed25519 AAAAme", "other"}}))
    text += fmt::format("--- {} {:04o}\n{}", file.path, file.mode, file.content);

  test::expect_golden("node_disk.txt", text);
}

TEST(NodeLayout, PathsOfDisksStayShort) {
  Properties properties = node_properties("container");
  properties["name"] = std::string(63, 'n');

  const NodeLayout node(properties, {.deployment = kDeployment, .address = "nodes.n"}, "lab");

  EXPECT_LE(node.disk.name.size(), 22U);  // docs/nodes.md
  EXPECT_TRUE(node.disk.name.starts_with("nnnn-")) << node.disk.name;
}

}  // namespace
}  // namespace encamp
