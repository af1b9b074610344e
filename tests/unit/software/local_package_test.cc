// Packages from files of this machine: what they say of themselves, and what they do on a node.
#include <gtest/gtest.h>

#include "components/package/local_files.h"
#include "components/package/package.h"
#include "components/package/package_file.h"
#include "tests/support/item_context.h"
#include "tests/support/package_bytes.h"

namespace encamp {
namespace {

const PackageComponent kPackage;

/// The property `files` of one file, which the workshop has.
Value offered(test::ItemContext& context, const std::string& version) {
  const std::string path = "/src/nginx_" + version + ".deb";
  const std::string bytes = test::package_bytes("nginx", version);
  context.fake_workshop.local_files[path] = bytes;
  return Value::List{to_value(read_package_file(path, bytes))};
}

Properties nginx_from(const Value& files) {
  return {{"names", Value::List{"nginx"}}, {"files", files}};
}

TEST(LocalPackage, IsWhatItsControlFileSays) {
  const std::string bytes = test::package_bytes(
      "arc", "1:6.17-3", "amd64", "Depends: libc6 (>= 2.36), a | b,\n c:any\nPre-Depends: d\n");

  const LocalPackage package = local_package_of(to_value(read_package_file("/x/arc.deb", bytes)));

  EXPECT_EQ(package.name, "arc");
  EXPECT_EQ(package.version, "1:6.17-3");
  EXPECT_EQ(package.architecture, "amd64");
  EXPECT_EQ(depends_of(package), (std::vector<std::string>{"d", "libc6", "a", "b", "c"}));
  EXPECT_TRUE(stem_of(package).starts_with("arc_1%6.17-3_amd64."));
  EXPECT_NE(to_control(package).find("Size: " + std::to_string(bytes.size()) + "\n"),
            std::string::npos);
}

TEST(LocalPackage, IsNoOtherFile) {
  const std::string whole = test::package_bytes("arc", "1.0");
  for (const std::string& bytes :
       {std::string("\x7f"
                    "ELF"),
        std::string(), whole.substr(0, 60), whole.substr(0, 200), test::package_bytes("", "1.0"),
        test::package_bytes("arc", "$(id)")}) {
    EXPECT_THROW(read_package_file("/x/arc.deb", bytes), Error) << bytes.size();
  }
}

TEST(PackageFiles, AreTakenInsteadOfTheRepositories) {
  test::ItemContext context("nodes.node.software.web");

  const Attributes attributes = context.realize(kPackage, nginx_from(offered(context, "9.0")));

  EXPECT_EQ(context.machine.packages.at("nginx"), "9.0");
  EXPECT_EQ(attributes.at("versions").find("nginx")->text(), "9.0");
}

TEST(PackageFiles, UpgradeWhatRuns) {
  test::ItemContext context("nodes.node.software.patch");
  test::add_package(context.machine, "nginx");
  const Attributes before =
      context.realize(kPackage, {{"names", Value::List{}}, {"files", Value::List{}}});

  const Attributes after =
      context.realize(kPackage, {{"names", Value::List{}}, {"files", offered(context, "9.0")}});

  EXPECT_EQ(context.machine.packages.at("nginx"), "9.0");
  EXPECT_NE(before.at("digest"), after.at("digest"));
}

TEST(PackageFiles, AreLeftOutWhereNothingIsInstalledFromThem) {
  test::ItemContext context("nodes.node.software.patch");

  const Attributes none =
      context.realize(kPackage, {{"names", Value::List{}}, {"files", Value::List{}}});
  const Attributes other =
      context.realize(kPackage, {{"names", Value::List{}}, {"files", offered(context, "9.0")}});

  EXPECT_TRUE(context.machine.packages.empty());
  EXPECT_EQ(none.at("digest"), other.at("digest"));
}

TEST(PackageFiles, AreUploadedOnce) {
  test::ItemContext context("nodes.node.software.web");
  const Properties wanted = nginx_from(offered(context, "9.0"));
  context.realize(kPackage, wanted);
  const int writes = context.faults.calls("write_file");

  context.realize(kPackage, wanted);

  EXPECT_EQ(context.faults.calls("write_file"), writes);
  EXPECT_EQ(context.faults.calls("install"), 1);
}

TEST(PackageFiles, AreTakenAlsoAfterTheInstallationWasInterrupted) {
  test::ItemContext context("nodes.node.software.patch");
  test::add_package(context.machine, "nginx");
  const Properties wanted{{"names", Value::List{}}, {"files", offered(context, "1.0")}};
  context.faults.fail("install", Error(ErrorKind::Unavailable, "connection reset"));
  EXPECT_THROW(context.realize(kPackage, wanted), Error);

  context.realize(kPackage, wanted);

  EXPECT_EQ(context.faults.calls("install"), 2);  // Of the same version, so nothing else tells.
}

TEST(PackageFiles, GoWithTheirItem) {
  test::ItemContext context("nodes.node.software.patch");
  test::add_package(context.machine, "nginx");
  context.realize(kPackage, {{"names", Value::List{}}, {"files", offered(context, "9.0")}});
  const int installs = context.faults.calls("install");

  kPackage.remove(context.own, context);

  EXPECT_EQ(context.machine.files.size(), 1U);  // The script that puts packages back.
  EXPECT_EQ(context.faults.calls("install"), installs + 1);
  EXPECT_TRUE(context.machine.packages.contains("nginx"));
}

TEST(PackageFiles, StayWhileAnotherItemOffersThem) {
  test::ItemContext context("nodes.node.software.patch");
  context.realize(kPackage, nginx_from(offered(context, "9.0")));
  Record other = context.own;
  other.address = "nodes.node.software.other";
  context.others = {other};
  const std::size_t files = context.machine.files.size();

  kPackage.remove(context.own, context);

  EXPECT_EQ(context.machine.files.size(), files);
}

TEST(PackageFiles, ThatChangedSinceTheyWereReadAreRefused) {
  test::ItemContext context("nodes.node.software.web");
  const Properties wanted = nginx_from(offered(context, "9.0"));
  context.fake_workshop.local_files.begin()->second += "x";

  EXPECT_THROW(context.realize(kPackage, wanted), Error);
}

TEST(PackageFiles, AreComparedByWhatIsInThem) {
  test::ItemContext context("nodes.node.software.web");
  const Value files = offered(context, "9.0");
  LocalPackage moved = local_package_of(files.list().front());
  moved.path = "/elsewhere/nginx.deb";

  EXPECT_EQ(kPackage.compare(nginx_from(Value::List{to_value(moved)}), nginx_from(files)).kind,
            Change::Kind::Keep);
  const Change change = kPackage.compare(nginx_from(offered(context, "9.1")), nginx_from(files));
  EXPECT_EQ(change.kind, Change::Kind::Update);
  EXPECT_EQ(change.reasons, std::vector<std::string>{"files: nginx 9.0 -> nginx 9.1"});
}

TEST(PackageFiles, OfAnotherVersionOnTheNodeAreDrift) {
  test::ItemContext context("nodes.node.software.web");
  context.realize(kPackage, nginx_from(offered(context, "9.0")));
  context.machine.packages["nginx"] = "1.0";

  const std::optional<Properties> seen = kPackage.observe(context.own, context);

  ASSERT_TRUE(seen);
  EXPECT_EQ(kPackage.compare(context.own.properties, *seen).kind, Change::Kind::Update);
}

TEST(PackageFiles, ForAnotherArchitectureAreNamedWithTheNode) {
  const LocalPackage file =
      read_package_file("/src/hello.deb", test::package_bytes("hello", "2.0", "s390x"));
  const Resource item{.address = "nodes.web.software.patch",
                      .component = "package",
                      .properties = {{"names", Value::List{}},
                                     {"files", Value::List{to_value(file), to_value(file)}},
                                     {"architecture", "amd64"}},
                      .node = "nodes.web"};
  Diagnostics diagnostics;

  kPackage.check(item, diagnostics);

  ASSERT_EQ(diagnostics.all().size(), 3U);
  EXPECT_EQ(diagnostics.all()[0].summary, "'/src/hello.deb' is for s390x, and node 'web' is amd64");
  EXPECT_EQ(diagnostics.all()[2].summary,
            "'/src/hello.deb' and '/src/hello.deb' are both package 'hello'");
}

}  // namespace
}  // namespace encamp
