#include "src/tree_print.h"

#include <gtest/gtest.h>

#include "engine/description/read.h"

namespace encamp {
namespace {

Tree read(const std::string& text) {
  Diagnostics diagnostics;
  std::optional<Tree> tree =
      read_tree(std::make_shared<const SourceFile>("site.yaml", text), diagnostics);
  return tree.value();
}

TEST(TreePrint, ShowsPlacesOfKeysAndItems) {
  EXPECT_EQ(to_text(read("site: a\nlist: [x, 'y z']\nnone:\nmap:\n  key: {}\n")),
            "1:1     site: a\n"
            "2:1     list:\n"
            "2:8       - x\n"
            "2:11      - \"y z\"\n"
            "3:1     none: null\n"
            "4:1     map:\n"
            "5:3       key: {}\n");
}

TEST(TreePrint, KeepsScalarsAsTextInJson) {
  EXPECT_EQ(to_json(read("mode: 0400\nlist: [yes, ~]\n")),
            "{\n  \"mode\": \"0400\",\n  \"list\": [\n    \"yes\",\n    null\n  ]\n}");
}

}  // namespace
}  // namespace encamp
