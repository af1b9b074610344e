#include "engine/world/printable.h"

#include <gtest/gtest.h>

namespace encamp {
namespace {

TEST(Printable, KeepsTextLinesAndTabs) {
  EXPECT_EQ(printable("a\tb\nsmörgås €\n"), "a\tb\nsmörgås €\n");
}

TEST(Printable, DropsWhatWouldSteerATerminal) {
  EXPECT_EQ(printable("\x1b[31mred\x1b[0m"), "red");
  EXPECT_EQ(printable("\x1b]0;title\ax\x1b]8;;u\x1b\\y"), "xy");
  EXPECT_EQ(printable("50%\r100%\r\n\b\x7f"), "50%100%\n");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "31mb"),
            "a31mb");
  EXPECT_EQ(printable("user\xe2\x80\xaegnp.exe"), "usergnp.exe");
}

TEST(Printable, EndsAtAnUnfinishedEscape) {
  EXPECT_EQ(printable("a\x1b"), "a");
  EXPECT_EQ(printable("a\x1b[12"), "a");
  EXPECT_EQ(printable("a\x1b]x\nb"), "a\nb");
}

TEST(Printable, ShowsBytesThatAreNoText) {
  EXPECT_EQ(printable(std::string("a\0b", 3)), "ab");
  EXPECT_EQ(printable("\xff\xfe"), "??");
  EXPECT_EQ(printable("\xc0\x9b"), "??");       // an overlong ESC
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(printable("\xe2\x82"), "??");       // cut off
}

TEST(LastLines, AreTheEndWithoutEmptyLines) {
  EXPECT_EQ(last_lines("a\nb\nc\n\n", 2), "b\nc");
  EXPECT_EQ(last_lines("a\nb", 5), "a\nb");
  EXPECT_EQ(last_lines("", 5), "");
}

}  // namespace
}  // namespace encamp
