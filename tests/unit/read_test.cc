#include "engine/description/read.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/support/described.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

struct Reading {
  std::optional<Tree> tree;
  Diagnostics diagnostics;

  std::string code() const {
    return diagnostics.all().empty() ? "none" : diagnostics.all().front().code;
  }
};

Reading reading(const std::string& text, const ReadBudget& budget = {}) {
  Reading result;
  result.tree =
      read_tree(std::make_shared<const SourceFile>("lab.yaml", text), result.diagnostics, budget);
  return result;
}

std::string text_at(const Span& span) {
  return std::string(span.file->line(span.line).substr(static_cast<std::size_t>(span.column - 1),
                                                       static_cast<std::size_t>(span.length)));
}

TEST(Read, KeepsTheOrderAndThePlaces) {
  const Reading read = reading("b: 1\na: {x: [one, 'two']}\nempty:\n");

  ASSERT_TRUE(read.tree);
  ASSERT_EQ(read.tree->entries.size(), 3U);
  EXPECT_EQ(read.tree->entries[0].key, "b");
  const Tree& list = read.tree->find("a")->value.find("x")->value;
  EXPECT_EQ(text_at(list.items[1].where), "'two'");
  EXPECT_EQ(list.items[1].where.line, 2);
  EXPECT_EQ(list.items[1].where.column, 14);
  EXPECT_FALSE(list.items[1].is_plain());
  EXPECT_TRUE(read.tree->find("empty")->value.is_null());
  EXPECT_EQ(text_at(read.tree->find("empty")->value.where), "empty");
}

TEST(Read, KnowsHowScalarsAreQuoted) {
  const Reading read = reading("a: &x yes\nb: \"yes\"\nc: |\n  yes\nd: >\n  yes\ne: *x\n");

  ASSERT_TRUE(read.tree);
  EXPECT_EQ(read.tree->find("a")->value.style, Tree::Style::Plain);
  EXPECT_EQ(text_at(read.tree->find("a")->value.where), "yes");
  EXPECT_EQ(read.tree->find("b")->value.style, Tree::Style::DoubleQuoted);
  EXPECT_EQ(read.tree->find("c")->value.style, Tree::Style::Literal);
  EXPECT_EQ(read.tree->find("d")->value.style, Tree::Style::Folded);
  EXPECT_EQ(read.tree->find("e")->value.text, "yes");
  EXPECT_EQ(text_at(read.tree->find("e")->value.where), "*x");
}

TEST(Read, AcceptsAByteOrderMarkAndWindowsLines) {
  const Reading read = reading(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: |\r\n  x\r\n  y\r\n");

  ASSERT_TRUE(read.tree);
  EXPECT_EQ(read.tree->find("a")->where.column, 1);
  EXPECT_EQ(read.tree->find("b")->value.text, "x\ny\n");
}

TEST(Read, ReportsEveryDuplicateKeyWithBothPlaces) {
  const Reading read = reading("a: 1\nb: {c: 1, c: 2}\na: 3\n");

  ASSERT_TRUE(read.tree);
  ASSERT_EQ(read.diagnostics.all().size(), 2U);
  const Diagnostic& last = read.diagnostics.all()[1];
  EXPECT_EQ(last.code, "duplicate-key");
  EXPECT_EQ(last.where.line, 3);
  ASSERT_EQ(last.notes.size(), 1U);
  EXPECT_EQ(last.notes[0].where.line, 1);
  EXPECT_EQ(read.tree->find("a")->value.text, "1");
}

TEST(Read, RefusesWhatTheLanguageDoesNotHave) {
  EXPECT_EQ(reading("a: &x {b: 1}\nc: {<<: *x}\n").code(), "merge-key");
  EXPECT_EQ(reading("run: ! cmd\n").code(), "yaml-tag");
  EXPECT_EQ(reading("run: !!str cmd\n").code(), "yaml-tag");
  EXPECT_EQ(reading("a: !x {b: 1}\n").code(), "yaml-tag");
  EXPECT_EQ(reading("a: !x [b]\n").code(), "yaml-tag");
  EXPECT_EQ(reading("a: \"!\"\n").code(), "none");
  EXPECT_EQ(reading("? [a]\n: b\n").code(), "bad-key");
  EXPECT_EQ(reading("a: 1\n---\nb: 1\n").code(), "second-document");
  EXPECT_EQ(reading("- a\n").code(), "not-a-description");
  EXPECT_EQ(reading("").code(), "not-a-description");
  EXPECT_EQ(reading("# nothing\n").code(), "not-a-description");
}

TEST(Read, RefusesBytesThatAreNoText) {
  using namespace std::string_literals;
  EXPECT_EQ(reading("a: \0b\n"s).code(), "bad-character");
  EXPECT_EQ(reading("a: \x04\nb: 1\n").code(), "bad-character");
  EXPECT_EQ(reading("a: \xFF\n").code(), "bad-character");
  EXPECT_EQ(reading("a: \xC3").code(), "bad-character");
  EXPECT_EQ(reading("a: 1\rb: 2\n").code(), "bad-character");
  EXPECT_EQ(reading("a: gr\xC3\xBCn\n").code(), "none");
}

TEST(Read, EndsWhereTheParserWouldNot) {
  EXPECT_EQ(reading(",").code(), "yaml-syntax");
  EXPECT_EQ(reading("a: 1\n,").code(), "yaml-syntax");
  EXPECT_EQ(reading("%").code(), "not-a-description");
}

TEST(Read, KeepsToItsBudget) {
  EXPECT_EQ(reading(std::string(300 * 1024, 'a')).code(), "too-large");
  EXPECT_EQ(reading("a: " + std::string(100, '[')).code(), "too-deep");
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 8; ++j)
      laughs += ", " + last;
    laughs += "]\n";
  }
  EXPECT_EQ(reading(laughs).code(), "too-large");
  EXPECT_EQ(reading("a: &x [*x]\n").code(), "alias-cycle");
  EXPECT_EQ(reading("{a: 1, b: 2}", {.nodes = 5}).code(), "none");
  EXPECT_EQ(reading("{a: 1, b: 2}", {.nodes = 4}).code(), "too-large");
}

TEST(ScalarPlaces, PointIntoTheTextHoweverItIsWritten) {
  const auto place_of_word = [](const std::string& text) {
    const Reading read = reading(text);
    const Tree& scalar = read.tree->find("k")->value;
    const Span span = ScalarPlaces(scalar).at(scalar.text.find("WORD"), 4);
    return std::to_string(span.line) + ":" + text_at(span);
  };

  EXPECT_EQ(place_of_word("k: a WORD b\n"), "1:WORD");
  EXPECT_EQ(place_of_word("k: a\n   b   c\n    WORD\n"), "3:WORD");
  EXPECT_EQ(place_of_word("k: 'it''s a ''WORD'''\n"), "1:WORD");
  EXPECT_EQ(place_of_word("k: \"a\\tb\\x41 \\\"WORD\\\"\"\n"), "1:WORD");
  EXPECT_EQ(place_of_word("k: |\n  one\n    two\n\n    WORD\n"), "5:WORD");
  EXPECT_EQ(place_of_word("k: |2-\r\n    one\r\n  WORD\r\n"), "3:WORD");
  EXPECT_EQ(place_of_word("k: >\n  one\n  two\n\n  three WORD\n"), "5:WORD");
}

// Random bytes and damaged examples: whatever is read, there is an answer, and everything it points
// at is in the file.
class Damage {
 public:
  explicit Damage(unsigned seed) : random_(seed) {}

  std::string noise() {
    static const std::string kBytes = "{}[]:,-#&*!|>'\"%@`? \n\t$ab1\r\xC3\xBC~.";
    std::string text;
    for (std::size_t i = below(200); i > 0; --i)
      text += kBytes[below(kBytes.size())];
    return text;
  }

  std::string damaged(std::string text) {
    for (std::size_t i = 1 + below(4); i > 0 && !text.empty(); --i) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text.erase(at, 1 + below(20));
          break;
        case 1:
          text.insert(at, noise().substr(0, 6));
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), below(60)));
          break;
        default:
          text[at] = static_cast<char>(below(256));
      }
    }
    return text;
  }

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }
  std::mt19937 random_;
};

TEST(Read, AlwaysEndsWithAnAnswer) {
  const Registry registry = test::typed_registry();
  const std::filesystem::path examples = std::filesystem::path(ENCAMP_SOURCE_DIR) / "examples";
  const std::string hello = test::text_of_file(examples / "hello.yaml");
  const std::string pair = test::text_of_file(examples / "pair.yaml");
  ASSERT_FALSE(hello.empty());
  ASSERT_FALSE(pair.empty());

  for (unsigned seed = 0; seed < 600; ++seed) {
    Damage damage(seed);
    const std::string text = seed % 3 == 0   ? damage.noise()
                             : seed % 3 == 1 ? damage.damaged(hello)
                                             : damage.damaged(pair);
    SCOPED_TRACE(testing::Message() << "seed " << seed << "\n" << text);

    const test::Described described = test::describe("lab.yaml", text, registry);

    EXPECT_NE(described.site.has_value(), described.diagnostics.has_errors());
    for (const Diagnostic& diagnostic : described.diagnostics.all()) {
      EXPECT_FALSE(diagnostic.code.empty());
      EXPECT_FALSE(render(diagnostic).empty());
      if (diagnostic.where) {
        EXPECT_GE(diagnostic.where.column, 1);
        EXPECT_LE(diagnostic.where.line, 1 + std::ranges::count(text, '\n'));
      }
    }
  }
}

}  // namespace
}  // namespace encamp
