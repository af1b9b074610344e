#include "engine/component/attempt.h"

#include <gtest/gtest.h>

#include "tests/support/item_context.h"

namespace encamp {
namespace {

class CountingContext : public test::ItemContext {
 public:
  CountingContext() : ItemContext("nodes.node.software.key") {}
  void lost_answer() override { ++lost; }
  int lost = 0;
};

void fail_with(ErrorKind kind) {
  throw Error(kind, "no");
}

TEST(Attempt, CountsForNothingWhatFailedAndHolds) {
  CountingContext context;

  attempt(
      context, [] { fail_with(ErrorKind::Failed); }, [] { return true; });

  EXPECT_EQ(context.lost, 0);
}

TEST(Attempt, TellsThatAnAnswerWasLostThoughItHolds) {
  CountingContext context;

  attempt(
      context, [] { fail_with(ErrorKind::Unavailable); }, [] { return true; });

  EXPECT_EQ(context.lost, 1);
}

TEST(Attempt, FailsWhenItDoesNotHoldAndWhenInterrupted) {
  CountingContext context;

  EXPECT_THROW(attempt(
                   context, [] { fail_with(ErrorKind::Unavailable); }, [] { return false; }),
               Error);
  EXPECT_THROW(attempt(
                   context, [] { fail_with(ErrorKind::Interrupted); }, [] { return true; }),
               Error);
}

}  // namespace
}  // namespace encamp
