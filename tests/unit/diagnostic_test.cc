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

TEST(Diagnostic, PutsTheCaretUnderCharactersOfSeveralBytes) {
  const std::string text = "k: \"gr\xC3\xBCn \t\xC3\xBC\xC3\xBC x\"";

  EXPECT_EQ(render({.code = "c", .summary = "s", .where = span_of(text, 1, 12, 4)}),
            "error[c]: s\n  --> lab.yaml:1:12\n   |\n1  | " + text + "\n   |          \t^^\n");
}

TEST(Diagnostic, ShowsTheOtherPlacesBelowTheFirst) {
  const Span first = span_of("a: 1\na: 2\n", 1, 1, 1);
  Span second = first;
  second.line = 2;

  EXPECT_EQ(
      render({.code = "c", .summary = "s", .where = second, .notes = {{"first here", first}}}),
      "error[c]: s\n  --> lab.yaml:2:1\n   |\n2  | a: 2\n   | ^\n"
      "  --> lab.yaml:1:1\n   |\n1  | a: 1\n   | ^ first here\n");
}

TEST(Diagnostic, ShowsTheMiddleOfALongLine) {
  const std::string text = std::string(1000, 'a') + "X" + std::string(1000, 'b');

  const std::string shown =
      render({.code = "c", .summary = "s", .where = span_of(text, 1, 1001, 1)});

  EXPECT_LT(shown.size(), 400U);
  EXPECT_NE(shown.find("aXb"), std::string::npos);
}

TEST(Diagnostic, LetsNothingMoveTheCursor) {
  const std::string shown =
      render({.code = "c", .summary = "a\x1b[2Jb\nc", .where = span_of("k: \x1b[2J\n", 1, 1, 1)});

  EXPECT_EQ(shown.find('\x1b'), std::string::npos);
  EXPECT_EQ(shown.substr(0, shown.find('\n')), "error[c]: ab c");
}

TEST(Diagnostic, IsOneObjectInJson) {
  const Span where = span_of("a: 1\n", 1, 4, 1);

  EXPECT_EQ(
      to_json({.code = "c", .summary = "s", .where = where, .hint = "h", .notes = {{"n", where}}}),
      R"({"severity":"error","code":"c","summary":"s","file":"lab.yaml","line":1,"column":4,)"
      R"("length":1,"hint":"h","notes":[{"text":"n","file":"lab.yaml","line":1,"column":4,)"
      R"("length":1}]})");
}

TEST(Diagnostics, AreSortedByPlaceAndEachIsThereOnce) {
  Diagnostics all;
  all.add({.code = "b", .summary = "s", .where = span_of("", 2, 1, 1)});
  all.add({.code = "a", .summary = "s", .where = span_of("", 1, 5, 1)});
  all.add({.code = "b", .summary = "s", .where = span_of("", 2, 1, 1)});
  all.add({.code = "c", .summary = "s", .where = span_of("", 1, 2, 1)});

  all.sort();

  ASSERT_EQ(all.all().size(), 3U);
  EXPECT_EQ(all.all()[0].code, "c");
  EXPECT_EQ(all.all()[1].code, "a");
  EXPECT_EQ(all.all()[2].code, "b");
}

TEST(Nearest, SuggestsOnlyWhatIsClose) {
  EXPECT_EQ(nearest("lann", {"wan", "lan", "management"}), "lan");
  EXPECT_EQ(nearest("database", {"lan", "wan"}), "");
}

}  // namespace
}  // namespace encamp
