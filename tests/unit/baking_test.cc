// What of a node's packages is put into its image (components/node/baking.h).
#include "components/node/baking.h"

#include <gtest/gtest.h>

#include "engine/world/local_package.h"

namespace encamp {
namespace {

Resource package(const std::string& node, const std::string& name) {
  return {.address = node + ".software." + name,
          .component = "package",
          .properties = {{"names", Value::List{name}}},
          .node = node};
}

TEST(Baking, TakesTheSortedPackagesThatNeedNothing) {
  Site site;
  const Resource image{.address = "images.debian",
                       .component = "image",
                       .properties = {{"debian", "bookworm"}, {"packages", Value::List{"vim"}}}};
  const Resource node{.address = "nodes.web", .component = "node"};
  Resource late = package("nodes.web", "late");
  late.needs.push_back({.address = "nodes.db"});
  Resource pinned = package("nodes.web", "pinned");
  pinned.properties["version"] = "1.0";
  const Resource nginx = package("nodes.web", "nginx-light");
  const Resource curl = package("nodes.web", "curl");
  site.resources = {image, node};

  const std::optional<Resource> baked = baked_image(image, {&nginx, &curl, &late, &pinned});

  ASSERT_TRUE(baked);
  EXPECT_EQ(baked->address, "images['debian + curl, nginx-light']");
  EXPECT_EQ(baked->properties.at("packages"), Value(Value::List{"curl", "nginx-light", "vim"}));
  EXPECT_EQ(baked->properties.at("base"), Value(Reference{"images.debian"}));
  EXPECT_EQ(image_of(node, site), &site.resources[0]);
  EXPECT_FALSE(baked_image(image, {}));
}

TEST(Baking, TakesRepositoriesThatNeedNothing) {
  const auto repository = [](const std::string& name, std::vector<Need> needs) {
    return Resource{.address = "nodes.web.software['repository " + name + "']",
                    .component = "repository",
                    .properties = {{"name", name}, {"url", "http://deb.test"}},
                    .needs = std::move(needs),
                    .node = "nodes.web"};
  };
  const Resource image{
      .address = "images.debian", .component = "image", .properties = {{"debian", "bookworm"}}};
  const Resource extra = repository("extra", {});
  const Resource later = repository("later", {{.address = "nodes.db"}});
  const Resource app = package("nodes.web", "app");

  const std::optional<Resource> baked = baked_image(image, {&extra, &later, &app});

  ASSERT_TRUE(baked);
  EXPECT_EQ(baked->address, "images['debian + repository extra, app']");
  EXPECT_EQ(baked->properties.at("repositories"),
            Value(Value::List{Value::Mapping{{"name", "extra"}, {"url", "http://deb.test"}}}));
}

TEST(Baking, TakesLocalFilesByWhatIsInThem) {
  const auto item_with = [](const char* path, const char* digest) {
    Resource item = package("nodes.web", "curl");
    const LocalPackage file{
        .path = path, .digest = digest, .name = "curl", .version = "9.0", .architecture = "all"};
    item.properties["files"] = Value::List{to_value(file)};
    return item;
  };
  const Resource image{
      .address = "images.debian", .component = "image", .properties = {{"debian", "bookworm"}}};
  const Resource one = item_with("/a.deb", "aa");
  const Resource moved = item_with("/b.deb", "aa");
  const Resource other = item_with("/a.deb", "bb");

  const std::optional<Resource> baked = baked_image(image, {&one});

  ASSERT_TRUE(baked);
  EXPECT_TRUE(baked->address.starts_with("images['debian + curl with files "));
  EXPECT_EQ(baked->properties.at("files").list().size(), 1U);
  EXPECT_EQ(baked_image(image, {&moved})->address, baked->address);
  EXPECT_NE(baked_image(image, {&other})->address, baked->address);
}

TEST(Baking, PreparesWhatItTakes) {
  const Resource image{
      .address = "images.debian", .component = "image", .properties = {{"debian", "bookworm"}}};
  const Resource curl = package("nodes.web", "curl");
  Resource nginx = package("nodes.web", "nginx-light");
  nginx.properties["prepare"] = "touch /etc/first";

  const std::optional<Resource> baked = baked_image(image, {&nginx, &curl});

  ASSERT_TRUE(baked);
  EXPECT_TRUE(baked->address.starts_with("images['debian + curl, nginx-light after "));
  EXPECT_EQ(baked->properties.at("prepare"), Value(Value::List{"touch /etc/first"}));
  nginx.properties["prepare"] = "touch /etc/second";
  EXPECT_NE(baked_image(image, {&nginx, &curl})->address, baked->address);
}

}  // namespace
}  // namespace encamp
