// The software of images: what goes into the recipe, and how the rest is realized in the tree.
#include <gtest/gtest.h>

#include "components/command/command.h"
#include "components/file/file.h"
#include "components/image/software.h"
#include "tests/support/item_context.h"

namespace encamp {
namespace {

class ImageContext : public test::ItemContext {
 public:
  ImageContext() : ItemContext("images.web") {}
  const Component* find_component(const std::string& name) override {
    if (name == "file")
      return &file_;
    return name == "command" ? &command_ : nullptr;
  }

 private:
  FileComponent file_;
  CommandComponent command_;
};

Value item(const std::string& component, Value::Mapping properties, Value::Mapping more = {}) {
  Value::Mapping mapping{{"name", component + " of the image"},
                         {"component", component},
                         {"properties", std::move(properties)}};
  mapping.insert(mapping.end(), more.begin(), more.end());
  return mapping;
}

const Value kFile = item(
    "file",
    {{"path", "/etc/x"}, {"content", "x"}, {"owner", "root"}, {"mode", "0644"}, {"secret", false}});
const Value kCommand = item("command", {{"text", "make"}, {"user", "root"}});

ImageRecipe recipe_with(Value::List items, Context& context) {
  ImageRecipe recipe;
  add_software({{"software", std::move(items)}}, context, recipe);
  return recipe;
}

TEST(ImageSoftware, PutsPackagesAndRepositoriesIntoTheRecipe) {
  ImageContext context;

  const ImageRecipe recipe =
      recipe_with({item("package", {{"names", Value::List{"curl"}}, {"version", "1.2"}}),
                   item("package", {{"names", Value::List{"vim"}}, {"prepare", "true"}})},
                  context);

  EXPECT_EQ(recipe.packages, (std::vector<std::string>{"curl=1.2", "vim"}));
  EXPECT_EQ(recipe.prepare, std::vector<std::string>{"true"});
  EXPECT_EQ(recipe.software, "");
  EXPECT_FALSE(recipe.realize);
}

TEST(ImageSoftware, RealizesTheOthersInTheTree) {
  ImageContext context;
  const ImageRecipe recipe = recipe_with({kFile, kCommand}, context);

  recipe.realize(context.guest());

  EXPECT_EQ(context.machine.files.at("/etc/x").content, "x");
  EXPECT_EQ(context.machine.commands, std::vector<std::string>{"make"});
  EXPECT_TRUE(context.own.notes.empty());
}

TEST(ImageSoftware, HasTheDigestOfItsItemsInTheirOrder) {
  ImageContext context;

  const std::string one = recipe_with({kFile, kCommand}, context).software;

  EXPECT_EQ(one.size(), 64U);
  EXPECT_EQ(one, recipe_with({kFile, kCommand}, context).software);
  EXPECT_NE(one, recipe_with({kCommand, kFile}, context).software);
  EXPECT_NE(one, recipe_with({kFile}, context).software);
}

TEST(ImageSoftware, TriesAgainAndSaysWhatFailed) {
  ImageContext context;
  context.shell = [](test::FakeMachine&, const Command&) {
    return CommandResult{.exit = 3, .output = {}, .errors = "no make"};
  };
  const Value twice = item("command", {{"text", "make"}, {"user", "root"}}, {{"attempts", 2}});
  const ImageRecipe recipe = recipe_with({twice, kFile}, context);

  try {
    recipe.realize(context.guest());
    FAIL() << "realized";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Failed);
    ASSERT_EQ(error.context().size(), 1U);
    EXPECT_EQ(error.context().front(), "while 'command of the image' was realized in the image");
  }
  EXPECT_EQ(context.machine.commands.size(), 2U);
  EXPECT_TRUE(context.machine.files.empty());
}

}  // namespace
}  // namespace encamp
