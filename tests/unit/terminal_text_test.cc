#include "src/terminal_text.h"

#include <gtest/gtest.h>

namespace encamp {
namespace {

using namespace std::chrono_literals;

TEST(Elapsed, IsAsExactAsPeopleWantIt) {
  EXPECT_EQ(elapsed(0ms), "0.0 s");
  EXPECT_EQ(elapsed(240ms), "0.2 s");
  EXPECT_EQ(elapsed(41'900ms), "41 s");
  EXPECT_EQ(elapsed(185s), "3 min 05 s");
  EXPECT_EQ(elapsed(7500s), "2 h 05 min");
}

TEST(Fitted, CutsBetweenCharacters) {
  EXPECT_EQ(fitted("smörgås", 7), "smörgås");
  EXPECT_EQ(fitted("smörgås", 6), "smörg~");
  EXPECT_EQ(fitted("smörgås", 4), "smö~");
  EXPECT_EQ(fitted("smörgås", 1), "~");
  EXPECT_EQ(fitted("smörgås", 0), "");
}

TEST(OneLine, IsTheFirstAndSteersNoTerminal) {
  EXPECT_EQ(one_line("a\tb\x1b[2Jc\nsecond"), "a bc");
}

TEST(Indented, LeavesEmptyLinesEmpty) {
  EXPECT_EQ(indented("a\n\nb", 2), "  a\n\n  b\n");
  EXPECT_EQ(indented("", 2), "");
}

TEST(Colored, IsPlainUnlessAskedFor) {
  EXPECT_EQ(colored("x", Color::Red, false), "x");
  EXPECT_EQ(colored("x", Color::Red, true), "\x1b[31mx\x1b[0m");
}

}  // namespace
}  // namespace encamp
