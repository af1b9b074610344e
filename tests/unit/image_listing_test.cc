#include "src/image_listing.h"

#include <gtest/gtest.h>

#include "tests/support/fake_host.h"
#include "tests/support/fake_workshop.h"

namespace encamp {
namespace {

class ImageListing : public testing::Test {
 protected:
  ImageListing() { host_.create_pool(image_pool()); }

  void add(const std::string& key, const ImageLabel& label) {
    put(key + ".root", "root");
    put(key + ".complete", to_text(label));
  }
  void put(const std::string& name, const std::string& text) {
    test::FakeContent content(Bytes{static_cast<std::int64_t>(text.size())}, text);
    host_.create_volume({kImagePool, name}, content);
  }
  std::vector<std::string> unused(const std::vector<ImageUse>& uses = {}) {
    std::vector<std::string> keys;
    for (const ListedImage& image : list_images(host_, uses)) {
      if (!image.is_used())
        keys.push_back(image.key);
    }
    return keys;
  }
  void define(const std::string& name, const std::string& key) {
    host_.create_pool({.kind = Claim::Kind::Pool, .name = "p", .uuid = "p"});
    test::FakeContent content(Bytes{1}, "x");
    host_.create_volume({"p", name}, content);
    host_.define_guest({.claim = {.kind = Claim::Kind::Guest, .name = name, .uuid = name},
                        .image = {kImagePool, key + ".root"},
                        .disk = {"p", name}});
  }

  static Record row(Life life, const std::string& key, Value::List packages) {
    Record record{.address = "images.debian", .component = "image", .life = life, .host = "here"};
    record.properties = {{"debian", "bookworm"}, {"packages", std::move(packages)}};
    if (!key.empty())
      record.attributes = {{"container", Value::Mapping{{"key", key}}}};
    return record;
  }

  test::Faults faults_;
  test::FakeHost host_{"here", faults_};
  const ImageLabel plain_{.recipe = {.debian = "bookworm"}, .made = 100};
  const ImageLabel web_{.recipe = {.debian = "bookworm", .packages = {"nginx"}}, .made = 50};
};

TEST_F(ImageListing, SaysWhatEachIsTheOldestFirst) {
  add("aaa", plain_);
  add("bbb", web_);
  put("ccc.root", "half");

  const std::vector<ListedImage> images = list_images(host_, {});

  ASSERT_EQ(images.size(), 3U);
  EXPECT_EQ(images[0].key, "ccc");
  EXPECT_FALSE(images[0].complete);
  EXPECT_EQ(images[1].key, "bbb");
  EXPECT_EQ(about(images[1].label->recipe), "debian bookworm + nginx");
  EXPECT_EQ(images[2].key, "aaa");
}

TEST_F(ImageListing, AnImageThatAGuestNamesOrADeploymentHasIsUsed) {
  add("aaa", plain_);
  add("bbb", web_);
  EXPECT_EQ(unused(), (std::vector<std::string>{"bbb", "aaa"}));

  define("encamp.lab.web", "bbb");
  EXPECT_EQ(unused(), std::vector<std::string>{"aaa"});
  EXPECT_EQ(unused({{"lab", {row(Life::Present, "aaa", {})}}}), std::vector<std::string>{});
}

TEST_F(ImageListing, AnImageThatADeploymentIsAboutToUseIsUsed) {
  add("aaa", plain_);
  add("bbb", web_);

  EXPECT_EQ(unused({{"lab", {row(Life::Intended, "", {"nginx"})}}}),
            std::vector<std::string>{"aaa"});
}

TEST_F(ImageListing, RemovesAnImageWithAllItsParts) {
  add("aaa", plain_);

  EXPECT_TRUE(remove_image(host_, list_images(host_, {}).front()));

  EXPECT_EQ(host_.objects(), std::vector<std::string>{"pool encamp.images"});
}

TEST_F(ImageListing, KeepsAnImageThatSomebodyUsesByThen) {
  add("aaa", plain_);
  const ListedImage listed = list_images(host_, {}).front();
  define("encamp.lab.web", "aaa");

  EXPECT_FALSE(remove_image(host_, listed));

  EXPECT_TRUE(host_.find_volume({kImagePool, "aaa.root"}));
  EXPECT_TRUE(host_.find_volume({kImagePool, "aaa.complete"}));
}

TEST(ImageLabel, IsReadAsItWasWritten) {
  const ImageLabel label{.recipe = {.debian = "bookworm",
                                    .architecture = "amd64",
                                    .mirror = "http://m/",
                                    .packages = {"a", "b"}},
                         .isolation = Isolation::Machine,
                         .made = 7};

  const std::optional<ImageLabel> read = image_label_from(to_text(label));

  ASSERT_TRUE(read);
  EXPECT_EQ(to_text(*read), to_text(label));
  EXPECT_FALSE(image_label_from("complete\n"));
}

}  // namespace
}  // namespace encamp
