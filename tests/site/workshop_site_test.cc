// Builds real images with the cache of this machine, which is all that it leaves.
#include <chrono>
#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/local_workshop.h"

namespace encamp {
namespace {

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// Bytes of data in it, holes not counted.
std::int64_t data_of(Content& content) {
  std::int64_t sum = 0;
  while (const std::optional<Extent> extent = content.next())
    sum += static_cast<std::int64_t>(extent->data.size());
  return sum;
}

class WorkshopSite : public testing::Test {
 protected:
  LocalWorkshop workshop_{ENCAMP_INIT};
};

TEST_F(WorkshopSite, BuildsAContainersImageWithPackages) {
  const ImageRecipe recipe{.debian = "bookworm", .packages = {"nginx-light", "curl"}};
  const std::string key = workshop_.key(recipe, Isolation::Container);
  const auto begin = std::chrono::steady_clock::now();

  const BuiltImage image =
      workshop_.build(recipe, Isolation::Container,
                      [](const std::string& text) { std::printf("%s\n", text.c_str()); });

  std::printf("built in %.2f s\n", seconds_since(begin));
  EXPECT_EQ(key.size(), 20U);
  EXPECT_EQ(key, workshop_.key(recipe, Isolation::Container));
  EXPECT_GT(data_of(*image.root), 100 << 20);
  EXPECT_EQ(image.kernel, nullptr);
}

TEST_F(WorkshopSite, BuildsAMachinesImageWithKernelAndInitrd) {
  const BuiltImage image =
      workshop_.build({.debian = "bookworm"}, Isolation::Machine,
                      [](const std::string& text) { std::printf("%s\n", text.c_str()); });

  EXPECT_GT(image.kernel->size(), Bytes::mebi(5));
  EXPECT_GT(image.initrd->size(), Bytes::mebi(1));
  EXPECT_LT(image.initrd->size(), Bytes::mebi(4));
}

TEST_F(WorkshopSite, NamesAPackageThatDoesNotExist) {
  try {
    workshop_.build({.debian = "bookworm", .packages = {"nginxx"}}, Isolation::Container, {});
    FAIL() << "built";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Failed);
    EXPECT_STREQ(error.what(), "package 'nginxx' does not exist in Debian bookworm");
    EXPECT_EQ(error.hint(), "did you mean 'nginx'?");
  }
}

TEST_F(WorkshopSite, RefusesAPrivateFileThatItDoesNotKnow) {
  LocalWorkshop ignorant(ENCAMP_INIT, "/var/cache/encamp",
                         "/etc/*shadow* keep\n/etc/.pwd.lock keep\n/etc/security/opasswd keep\n");
  try {
    ignorant.build({.debian = "bookworm", .packages = {"munge"}}, Isolation::Container, {});
    FAIL() << "built";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Failed);
    EXPECT_STREQ(error.what(),
                 "the packages made private files that nodes from one image would share: "
                 "/etc/munge/munge.key");
    EXPECT_NE(error.hint().find("workshop_identities.txt"), std::string::npos);
  }
}

TEST_F(WorkshopSite, TakesLocalPackagesThatAreNeeded) {
  const auto key_with = [&](const std::string& package) {
    const LocalPackage file{.path = "/src/x.deb",
                            .digest = package,
                            .name = package,
                            .version = "9.0",
                            .architecture = "all"};
    return workshop_.key({.debian = "bookworm",
                          .packages = {"nginx-light"},
                          .files = {file},
                          .site_packages = {"nginx-light", "memcached"}},
                         Isolation::Container);
  };
  const std::string without =
      workshop_.key({.debian = "bookworm", .packages = {"nginx-light"}}, Isolation::Container);

  EXPECT_NE(key_with("nginx-light"), without);
  EXPECT_NE(key_with("nginx-common"), without);  // nginx-light needs it.
  EXPECT_EQ(key_with("memcached"), without);     // Another node has it.
  EXPECT_EQ(key_with("libevent-2.1-7"), without);
  EXPECT_NE(key_with("coreutils"), without);  // In every image.
  EXPECT_THROW(key_with("no-such-thing"), Error);
}

TEST_F(WorkshopSite, MakesADiskInMilliseconds) {
  const DiskSpec spec{.size = Bytes::gibi(4), .files = {{"identity/etc/hostname", 0644, "node\n"}}};
  workshop_.make_disk(spec);
  const auto begin = std::chrono::steady_clock::now();

  const std::unique_ptr<Content> disk = workshop_.make_disk(spec);

  std::printf("made in %.3f s\n", seconds_since(begin));
  EXPECT_EQ(disk->size(), Bytes::gibi(4));
  EXPECT_LT(data_of(*disk), 4 << 20);
  EXPECT_LT(seconds_since(begin), 1.0);
}

}  // namespace
}  // namespace encamp
