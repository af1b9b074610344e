// Whatever the fuzzer or somebody found, and what was made to hurt: each ends with an answer within
// a second and 200 MiB. Times are of processors, not of clocks. The promise is about optimised
// builds; others try a tenth of the size, because nobody would wait for them.
#include <algorithm>
#include <ctime>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "tests/fuzz/described.h"
#include "tests/support/described.h"

namespace encamp {
namespace {

#ifdef __OPTIMIZE__
constexpr std::size_t kSize = 250'000;
constexpr double kSeconds = 1;
#else
constexpr std::size_t kSize = 25'000;
constexpr double kSeconds = 5;
#endif
constexpr std::size_t kHeap = std::size_t{200} << 20U;

void expect_an_answer(const std::string& bytes, const std::string& what) {
  const std::clock_t began = std::clock();
  test::describe_untrusted(bytes);
  const double seconds = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;
  EXPECT_LT(seconds, kSeconds) << what;
  if (seconds > kSeconds / 4)
    std::cout << fmt::format("{:.2f} s: {}\n", seconds, what);
}

TEST(AnyBytes, OfTheCorpusEndInAnAnswer) {
  const std::filesystem::path root = ENCAMP_SOURCE_DIR;
  for (const std::filesystem::path& folder :
       {root / "tests/fuzz/corpus", root / "tests/golden/diagnostics", root / "examples"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.is_regular_file())
        expect_an_answer(test::text_of_file(entry.path()), entry.path().filename());
    }
  }
}

const std::string kHead =
    "encamp: 1\nsite: lab\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n";

/// `head`, then `line(0)`, `line(1)`, ... as much as a file may have.
template <typename Line>
std::string filled(const std::string& head, const Line& line) {
  std::string text = head;
  for (int i = 0;; ++i) {
    const std::string next = line(i);
    if (text.size() + next.size() > kSize)
      return text;
    text += next;
  }
}

TEST(AnyBytes, MadeToHurtEndInAnAnswer) {
  expect_an_answer(
      filled(kHead + "nodes:\n", [](int i) { return fmt::format("  node-{}: {{}}\n", i); }),
      "nodes without keys");
  expect_an_answer(filled(kHead + "nodes:\n  a:\n    memory: 1 GiB\n    disk: 1 GiB\n",
                          [](int i) { return fmt::format("    unknown-key-{}: 1\n", i); }),
                   "unknown keys");
  expect_an_answer(filled(kHead + "parameters:\n",
                          [](int i) {
                            return fmt::format(
                                "  p{}: {{type: integer, default: '${{{{ parameters.p{} }}}}'}}\n",
                                i, i + 1);
                          }),
                   "a long chain of parameters");
  expect_an_answer(filled(kHead + "prototypes:\n",
                          [](int i) { return fmt::format("  p{}: {{extends: p{}}}\n", i, i + 1); }),
                   "a long chain of prototypes");
  expect_an_answer(
      filled(
          kHead + "prototypes:\n  p:\n    memory: 1 GiB\n    disk: 1 GiB\n    software:\n",
          [](int i) {
            return fmt::format("    - command: echo {}\n", i);
          }).substr(0, kSize * 4 / 5) +
          "\nnodes:\n  a: {count: 1000, extends: p}\n",
      "many copies of many items");
  expect_an_answer(
      kHead +
          "outputs:\n  x: ${{ [a + b + c + d for a in range(0, 9999) for b in range(0, "
          "9999) for c in range(0, 9999) for d in range(0, 9999)] }}\n",
      "nested loops");
  expect_an_answer(kHead + "parameters:\n  a: {type: string, default: '" +
                       std::string(kSize * 2 / 5, 'x') +
                       "'}\noutputs:\n  x: ${{ [parameters.a + parameters.a for i in range(0, "
                       "9999)] }}\n",
                   "a list of long texts");
  expect_an_answer(kHead + "outputs:\n  x: ${{ " + std::string(kSize * 2 / 5, '(') + " }}\n",
                   "many parentheses");
  expect_an_answer(kHead + "outputs:\n  x: ${{ " + std::string(kSize * 2 / 5, '-') + "1 }}\n",
                   "many signs");
  expect_an_answer(std::string(kSize, '['), "many brackets");
  expect_an_answer(std::string(kSize, '{'), "many braces");
  expect_an_answer(std::string(kSize, '-') + "\n", "many dashes");
  std::string dashes;
  for (int i = 0; i < static_cast<int>(kSize / 2); ++i)
    dashes += "- ";
  expect_an_answer(dashes, "lists in lists");
  expect_an_answer(std::string(kSize / 2, '\'') + ": x", "many quotes");
  expect_an_answer(std::string(kSize, '*'), "many stars");
  expect_an_answer(filled("a: &a x\n", [](int i) { return fmt::format("k{}: *a\n", i); }),
                   "many aliases");
  expect_an_answer("x: " + std::string(kSize, 'y'), "one long line");
  expect_an_answer("x: |\n" + std::string(kSize, '\n'), "empty lines");
  expect_an_answer(filled("", [](int i) { return fmt::format("${{{{ x{} }}}}: 1\n", i); }),
                   "references as keys");
  expect_an_answer(filled(kHead + "outputs:\n",
                          [](int i) { return fmt::format("  o{}: ${{{{ nodez.x{} }}}}\n", i, i); }),
                   "wrong references");
  expect_an_answer(kHead + "x-" + std::string(kSize * 4 / 5, 'a') + ": 1\n" +
                       std::string(kSize / 5, 'b') + ": 1\n",
                   "long keys");
  EXPECT_LT(mallinfo2().uordblks, kHeap);
}

TEST(AnyBytes, MadeToMakeManyMistakesEndInAnAnswer) {
  expect_an_answer(filled(kHead + "prototypes:\n",
                          [](int i) { return fmt::format("  p{}: {{extends: q{}}}\n", i, i); }),
                   "unknown prototypes");
  expect_an_answer(filled(kHead + "x: {", [](int) { return "k, "; }) + "}\n", "one key again");
  expect_an_answer(filled(kHead + "x: {", [](int) { return "[]: 1, "; }) + "}\n", "lists as keys");
  expect_an_answer(filled(kHead + "x: {", [](int) { return "${{a}}: 1, "; }) + "}\n",
                   "references as keys of one line");
  expect_an_answer(filled(kHead + "x: [", [](int) { return "1,"; }) + "]\n", "a wide list");
  expect_an_answer(filled(kHead + "x: {", [](int i) { return fmt::format("k{}: v,", i); }) + "}\n",
                   "a wide mapping");
  const std::string node = kHead + "nodes:\n  a:\n    memory: 1 GiB\n    disk: 1 GiB\n    needs: [";
  expect_an_answer(filled(node, [](int) { return "b,"; }) + "]\n", "unknown needs");
  expect_an_answer(
      filled(kHead + "nodes:\n  a:\n    memory: 1 GiB\n    disk: 1 GiB\n    software:\n",
             [](int) { return "    - filr: /x\n"; }),
      "unknown components");
  expect_an_answer(filled(kHead + "nodes:\n  a: {count: 1000}\n  b:\n    software:\n",
                          [](int i) { return fmt::format("    - file: /x{}\n", i); }),
                   "copies that lack what they need");
}

TEST(AnyBytes, MadeToMakeMuchOfLittleEndInAnAnswer) {
  std::string anchors = "x: ";
  for (int i = 0; i < 50; ++i)
    anchors += fmt::format("&a{} [", i);
  expect_an_answer(filled(anchors, [](int) { return "1,"; }) + std::string(50, ']'),
                   "anchors in anchors");
  const std::string texts =
      kHead + "parameters:\n  a: {type: string, default: '" + std::string(kSize * 2 / 5, 'x') +
      "a'}\n  b: {type: string, default: '" + std::string(kSize * 2 / 5, 'x') +
      "b'}\n  l:\n    type: list\n    default: ${{ [parameters.a for i in "
      "range(0, 9999)] }}\n";
  const auto outputs = [&](const std::string& expression) {
    return texts + "outputs:\n  x: ${{ [" + expression + " for i in range(0, 9999)] }}\n";
  };
  expect_an_answer(outputs("parameters.a"), "one long text many times");
  expect_an_answer(outputs("parameters.b in parameters.l"), "looking for a long text");
  expect_an_answer(outputs("parameters.a == parameters.b"), "comparing long texts");
  expect_an_answer(outputs("length(sort(parameters.l))"), "sorting long texts");
  expect_an_answer(outputs("length(parameters.a)"), "counting characters");
  expect_an_answer(outputs("contains(parameters.a, \"y\")"), "searching a long text");
  expect_an_answer(outputs("sha256(parameters.a)"), "digests");
  expect_an_answer(
      kHead +
          "outputs:\n  x: ${{ [join(\"\", [base64(json(range(0, 9999))) for i in range(0, "
          "9999)]) for j in range(0, 9999)] }}\n",
      "texts of texts");
  std::string doubled = kHead + "parameters:\n  p0: {type: string, default: xxxxxxxx}\n";
  for (int i = 1; i < 60; ++i)
    doubled += fmt::format(
        "  p{}: {{type: string, default: '${{{{ parameters.p{} + parameters.p{} }}}}'}}\n", i,
        i - 1, i - 1);
  expect_an_answer(doubled, "doubling a text");
  expect_an_answer(
      filled(kHead + "parameters:\n",
             [](int i) { return fmt::format("  p{}: {{pattern: '((a{{100}}){{10}})'}}\n", i); }),
      "patterns");
  expect_an_answer(kHead +
                       "parameters:\n  p:\n    type: list of string\n    pattern: '((.{30}){30})'\n"
                       "    default: ${{ [\"a\" for i in range(0, 9999)] }}\n",
                   "a pattern for each of a list");
  expect_an_answer(kHead + "parameters:\n  p: {type: string, default: a, pattern: '" +
                       std::string(kSize / 2, '(') + std::string(kSize / 4, '|') + "'}\n",
                   "a long pattern");
  expect_an_answer(
      filled(kHead + "parameters:\n  m:\n    type: mapping\n    default:\n",
             [](int i) { return fmt::format("      k{}: v\n", i); }) +
          "outputs:\n  x: ${{ [[parameters.m.k9000 for i in range(0, 9999)] for j in range(0, "
          "9999)] }}\n",
      "looking up in a wide mapping");
  std::string chain = kHead + "prototypes:\n";
  for (int i = 0; i < 60; ++i) {
    chain += fmt::format("  p{}:\n    {}\n    software:\n", i,
                         i == 0 ? "cpus: 1" : fmt::format("extends: p{}", i - 1));
    for (std::size_t k = 0; k < kSize / 5000; ++k)
      chain += fmt::format("    - file: /x{}-{}\n      content: x\n", i, k);
  }
  expect_an_answer(chain + "nodes:\n  a: {extends: p59}\n  b: {extends: p59}\n",
                   "a long chain of large prototypes");
  expect_an_answer(kHead +
                       "nodes:\n  a:\n    count: 1000\n    memory: 1 GiB\n    disk: 1 GiB\n"
                       "    software:\n    - file: /x\n      content: |\n"
                       "        {% for n in nodes %}\n        ${{ n.name }}\n        {% end %}\n",
                   "every copy lists all copies");
  expect_an_answer(
      filled(kHead + "nodes:\n  a: {extends: p, count: 1000, memory: 1 GiB, disk: 1 GiB}\n"
                     "prototypes:\n  p:\n    attributes:\n",
             [](int i) { return fmt::format("      a{}: {{type: integer, default: 1}}\n", i); }),
      "many copies with many attributes");
  expect_an_answer(
      filled(kHead + "nodes:\n  a: {extends: p, count: 1000, memory: 1 GiB, disk: 1 GiB}\n"
                     "prototypes:\n  p:\n    attributes:\n",
             [](int i) {
               return fmt::format("      a{}: {{type: string, default: '${{{{ node.a{} }}}}'}}\n",
                                  i, i + 1);
             }),
      "attributes that refer to the next");
  expect_an_answer(filled(kHead + "nodes:\n  a:\n    count: 1000\n    memory: 1 GiB\n"
                                  "    disk: 1 GiB\n    software:\n    - command: x\n"
                                  "      environment:\n",
                          [](int i) { return fmt::format("        A{}: ${{{{ index }}}}\n", i); }),
                   "many copies of a wide environment");
  expect_an_answer(
      filled(kHead + "nodes: {", [](int i) { return fmt::format("a{}: {{memry: 1}}, ", i); }) +
          "}\n",
      "many mistakes in one long line");
  expect_an_answer(kHead +
                       "nodes:\n  a:\n    for_each: ${{ range(0, 1000) }}\n    memory: 1 GiB\n"
                       "    disk: 1 GiB\n    software:\n    - command: echo ${{ index }}\n"
                       "      for_each: ${{ range(0, 1000) }}\n",
                   "copies in copies");
  EXPECT_LT(mallinfo2().uordblks, kHeap);
}

}  // namespace
}  // namespace encamp
