#include "src/terminal_summary.h"

#include <gtest/gtest.h>

namespace encamp {
namespace {

using namespace std::chrono_literals;

TEST(Summary, NamesTheSlowestSteps) {
  Outcome outcome{.created = 2, .total = 42s};
  outcome.slowest = {{"images.debian", "create", 41s}, {"nodes.a", "create", 600ms}};

  EXPECT_EQ(summary_of(outcome, {}), "done in 42 s: " + outcome.summary() +
                                         "\n"
                                         "  slowest: images.debian 41 s, nodes.a 0.6 s\n");
}

TEST(Summary, SaysWhatIsStillThere) {
  Outcome outcome{.total = 300ms};
  outcome.left = {"networks.lan"};

  const std::string text = summary_of(outcome, {});

  EXPECT_TRUE(text.starts_with("failed in 0.3 s")) << text;
  EXPECT_NE(text.find("  still there: networks.lan\n"), std::string::npos) << text;
}

TEST(Outputs, AreAlignedAndSayWhatIsMissing) {
  Deployment deployment{.name = "hello"};
  deployment.outputs = {{"url", Value("http://10.0.0.2/")}, {"number", Value(7)}, {"key", Value()}};
  deployment.unsettled = {{"outputs.key", "nodes.a.software.key.output"}};

  EXPECT_EQ(outputs_of(deployment),
            "  url     http://10.0.0.2/\n"
            "  number  7\n"
            "  key     (not known: nodes.a.software.key.output is not there)\n");
}

TEST(PlainText, IsWhatAScriptWants) {
  EXPECT_EQ(plain_text(Value("a b")), "a b");
  EXPECT_EQ(plain_text(Value(Bytes::mebi(512))), "512 MiB");
  EXPECT_EQ(plain_text(Value(Reference{"nodes.head"})), "head");
  EXPECT_EQ(plain_text(Value(Value::List{Value("a"), Value(1)})), "[\"a\",1]");
}

}  // namespace
}  // namespace encamp
