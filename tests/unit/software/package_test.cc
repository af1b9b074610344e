#include "components/package/package.h"

#include <gtest/gtest.h>

#include "tests/support/item_context.h"

namespace encamp {
namespace {

const PackageComponent kPackages;

Value list(std::initializer_list<const char*> names) {
  return Value::List(names.begin(), names.end());
}

/// A node whose image has `names` baked in for its items, on top of a base with curl.
void bake(test::ItemContext& context, std::initializer_list<const char*> names) {
  context.records["nodes.node"].properties["image"] = Reference{"images['debian + x']"};
  Record& image = context.records["images['debian + x']"];
  image.properties["base"] = Reference{"images.debian"};
  image.properties["packages"] = list(names);
  context.records["images.debian"].properties["packages"] = list({"curl"});
  for (const char* name : names)
    test::add_package(context.machine, name);
}

// curl, whose image the journal no longer has.
void bake_and_forget_the_image(test::ItemContext& context) {
  context.machine.packages["curl"] = "1.0";
  context.records["nodes.node"] = {.address = "nodes.node",
                                   .properties = {{"image", Reference{"images.gone"}}},
                                   .notes = {{kLifeNote, "1"}}};
}

TEST(Package, InstallsWhatIsMissing) {
  test::ItemContext context("nodes.node.software.web");
  context.machine.packages["curl"] = "7.88";

  const Attributes attributes = context.realize(kPackages, {{"names", list({"nginx", "curl"})}});

  EXPECT_EQ(context.machine.packages.at("nginx"), "1.0");
  EXPECT_EQ(attributes.at("versions").find("curl")->text(), "7.88");
  EXPECT_EQ(context.own.notes.at("ours"), list({"nginx"}));
}

TEST(Package, PreparesBeforeItInstallsAndOnlyThen) {
  test::ItemContext context("nodes.node.software.web");
  context.shell = [&](test::FakeMachine& machine, const Command& command) {
    EXPECT_EQ(command.text, "touch /etc/ready");
    EXPECT_FALSE(machine.packages.contains("nginx"));
    return CommandResult{};
  };
  const Properties wanted{{"names", list({"nginx"})}, {"prepare", "touch /etc/ready"}};

  context.realize(kPackages, wanted);
  context.realize(kPackages, wanted);

  EXPECT_EQ(context.faults.calls("probe"), 1);
  EXPECT_TRUE(context.machine.packages.contains("nginx"));
}

TEST(Package, SaysWhyItsPreparationFailed) {
  test::ItemContext context("nodes.node.software.web");
  context.shell = [](test::FakeMachine&, const Command&) {
    return CommandResult{.exit = 1, .errors = "no such directory\n"};
  };

  try {
    context.realize(kPackages, {{"names", list({"nginx"})}, {"prepare", "touch /x/y"}});
    FAIL() << "installed it";
  } catch (const Error& error) {
    EXPECT_NE(error.detail().find("no such directory"), std::string::npos);
  }
  EXPECT_FALSE(context.machine.packages.contains("nginx"));
}

TEST(Package, AsksOnceWhenAllIsThere) {
  test::ItemContext context("nodes.node.software.web");
  context.machine.packages["curl"] = "7.88";

  context.realize(kPackages, {{"names", list({"curl"})}});

  EXPECT_EQ(context.faults.log(), std::vector<std::string>{"installed"});
}

TEST(Package, RemovesWhatItBroughtAndNoMore) {
  test::ItemContext context("nodes.node.software.web");
  context.machine.packages["curl"] = "7.88";
  context.realize(kPackages, {{"names", list({"nginx", "curl"})}});

  kPackages.remove(context.own, context);

  EXPECT_FALSE(context.machine.packages.contains("nginx"));
  EXPECT_TRUE(context.machine.packages.contains("curl"));
}

TEST(Package, TakesBakedOnesForItsOwnButNotTheBaseImages) {
  test::ItemContext context("nodes.node.software.web");
  bake(context, {"curl", "nginx"});

  context.realize(kPackages, {{"names", list({"nginx", "curl"})}});

  EXPECT_EQ(context.faults.calls("install"), 0);
  EXPECT_EQ(context.own.notes.at("ours"), list({"nginx"}));
}

TEST(Package, RemovesWhatIsNoLongerAskedFor) {
  test::ItemContext context("nodes.node.software.web");
  context.realize(kPackages, {{"names", list({"nginx", "curl"})}});

  context.realize(kPackages, {{"names", list({"nginx"})}});

  EXPECT_FALSE(context.machine.packages.contains("curl"));
  EXPECT_EQ(context.own.notes.at("ours"), list({"nginx"}));
}

TEST(Package, InstallsTheVersionThatIsAskedFor) {
  test::ItemContext context("nodes.node.software.web");
  context.machine.packages["nginx"] = "1.0";

  context.realize(kPackages, {{"names", list({"nginx"})}, {"version", "2.0"}});

  EXPECT_EQ(context.machine.packages.at("nginx"), "2.0");
}

TEST(Package, RemembersWhatIsItsOwnWhenTheReplyIsLost) {
  test::ItemContext context("nodes.node.software.web");
  context.faults.fail("install", Error(ErrorKind::Unavailable, "connection reset"));
  EXPECT_THROW(context.realize(kPackages, {{"names", list({"nginx"})}}), Error);

  context.realize(kPackages, {{"names", list({"nginx"})}});
  kPackages.remove(context.own, context);

  EXPECT_FALSE(context.machine.packages.contains("nginx"));
}

TEST(Package, LeavesWhatAnotherItemAsksForUntilThatGoesToo) {
  test::ItemContext context("nodes.node.software.web");
  context.realize(kPackages, {{"names", list({"nginx", "curl"})}});
  Record other{.address = "nodes.node.software.other", .properties = {{"names", list({"curl"})}}};
  other.notes["ours"] = list({"curl"});
  context.others = {other};

  context.realize(kPackages, {{"names", list({"nginx"})}});

  EXPECT_TRUE(context.machine.packages.contains("curl"));
  EXPECT_EQ(context.own.notes.at("ours"), list({"nginx"}));
  context.others.clear();
  kPackages.remove(other, context);
  EXPECT_FALSE(context.machine.packages.contains("curl"));
}

TEST(Package, SharesWhatAnotherItemBrought) {
  test::ItemContext context("nodes.node.software.web");
  context.machine.packages["curl"] = "7.88";
  Record other{.address = "nodes.node.software.other", .properties = {{"names", list({"curl"})}}};
  other.notes["ours"] = list({"curl"});
  context.others = {other};

  context.realize(kPackages, {{"names", list({"curl"})}});

  EXPECT_EQ(context.own.notes.at("ours"), list({"curl"}));
}

TEST(Package, TakesAwayWhatWasBakedForItBeforeItEverRan) {
  test::ItemContext context("nodes.node.software.web");
  bake(context, {"curl", "nginx"});
  context.records["nodes.node"].properties["essence"] =
      Value::Mapping{{"debian", "bookworm"}, {"packages", list({"curl"})}};
  context.own.properties = {{"names", list({"curl", "nginx"})}};

  kPackages.remove(context.own, context);

  EXPECT_TRUE(context.machine.packages.contains("curl"));
  EXPECT_FALSE(context.machine.packages.contains("nginx"));
}

// Neither has run before, and the image they were baked into is in the journal no more.
TEST(Package, LeavesWhatWasBakedForAnotherThatNeverRan) {
  test::ItemContext context("nodes.node.software.web");
  bake_and_forget_the_image(context);
  Record other{.address = "nodes.node.software.other",
               .component = "package",
               .properties = {{"names", list({"curl"})}},
               .notes = {{kLifeNote, "1"}}};
  context.others = {other};
  context.own.properties = other.properties;
  context.own.notes = other.notes;

  context.realize(kPackages, {{"names", list({"nginx"})}});

  EXPECT_TRUE(context.machine.packages.contains("curl"));
}

TEST(Package, CountsWhatWasBakedForItAsItsOwnWithoutTheImage) {
  test::ItemContext context("nodes.node.software.web");
  bake_and_forget_the_image(context);
  context.own.properties = {{"names", list({"curl"})}};
  context.own.notes = {{kLifeNote, "1"}};

  context.realize(kPackages, {{"names", list({"curl"})}});

  EXPECT_EQ(context.own.notes.at("ours"), list({"curl"}));
}

TEST(Package, SeesThatOneIsGone) {
  test::ItemContext context("nodes.node.software.web");
  context.realize(kPackages, {{"names", list({"nginx", "curl"})}});
  context.machine.packages.erase("curl");

  const std::optional<Properties> seen = kPackages.observe(context.own, context);

  ASSERT_TRUE(seen);
  EXPECT_EQ(kPackages.compare(context.own.properties, *seen).kind, Change::Kind::Update);
  context.machine.packages.clear();
  EXPECT_FALSE(kPackages.observe(context.own, context));
}

TEST(Package, RefusesWhatIsNoName) {
  Resource resource;
  resource.properties["names"] = list({"nginx", "-o", "nginx=1.0", "g++-12", "Nginx"});
  Diagnostics diagnostics;

  kPackages.check(resource, diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 3U);
  EXPECT_EQ(diagnostics.all()[1].summary, "'nginx=1.0' is no name of a package");
}

}  // namespace
}  // namespace encamp
