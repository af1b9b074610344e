#include "engine/description/diagnostic.h"

#include <gtest/gtest.h>

#include "tests/support/golden.h"

namespace encamp {
namespace {

Span span_of(const std::string& text, int line, int column, int length) {
  return {std::make_shared<SourceFile>("lab.yaml", text), line, column, length};
}

TEST(Diagnostic, UnderlinesTheTextItIsAbout) {
  const Span where = span_of("site: lab\nnodes:\n  web: {networks: [lann]}\n", 3, 20, 4);
  test::expect_golden("diagnostic_unknown_network.txt",
                      render({.code = "unknown-network",
                              .summary = "no network is named 'lann'",
                              .where = where,
                              .label = "wanted by node 'web'",
                              .hint = "did you mean 'lan'?"}));
}

TEST(Diagnostic, IsOneLineWithoutAPlace) {
  EXPECT_EQ(render({.code = "no-hosts", .summary = "no hypervisor host is configured"}),
            "error[no-hosts]: no hypervisor host is configured\n");
}

TEST(Nearest, SuggestsOnlyWhatIsClose) {
  EXPECT_EQ(nearest("lann", {"wan", "lan", "management"}), "lan");
  EXPECT_EQ(nearest("database", {"lan", "wan"}), "");
}

}  // namespace
}  // namespace encamp
