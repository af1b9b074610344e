// Whatever the fuzzer or somebody found, and what was made to hurt: each ends with an answer within
// a second and 200 MiB. Times are of processors, not of clocks. The promise is about optimised
// builds; others try a tenth of the size, because nobody would wait for them.
#include <algorithm>
#include <ctime>
#include <filesystem>
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

}  // namespace
}  // namespace encamp
