#include "engine/run/scheduler.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace encamp {
namespace {

using Indices = std::vector<std::size_t>;
using State = Scheduler::State;

Step on_host(const std::string& host, const std::string& lane = "") {
  return {.host = host, .lane = lane};
}

TEST(Scheduler, StartsWhatNeedsNothingAndTheRestWhenItsNeedsAreDone) {
  Scheduler scheduler({{}, {.needs = {0}}, {.needs = {0, 1}}}, {});

  EXPECT_EQ(scheduler.start(), Indices{0});
  EXPECT_EQ(scheduler.start(), Indices{});
  scheduler.done(0);
  EXPECT_EQ(scheduler.start(), Indices{1});
  scheduler.done(1);
  EXPECT_EQ(scheduler.start(), Indices{2});
  scheduler.done(2);

  EXPECT_TRUE(scheduler.is_finished());
}

TEST(Scheduler, SkipsWhatNeedsAFailedStepAndNothingElse) {
  //  0 <- 1 <- 2      3
  Scheduler scheduler({{}, {.needs = {0}}, {.needs = {1}}, {}}, {});
  scheduler.start();

  EXPECT_EQ(scheduler.fail(0), (Indices{1, 2}));
  scheduler.done(3);

  EXPECT_EQ(scheduler.state(2), State::Skipped);
  EXPECT_EQ(scheduler.cause(2), 0U);
  EXPECT_EQ(scheduler.state(3), State::Done);
  EXPECT_TRUE(scheduler.is_finished());
}

TEST(Scheduler, GoesOnAfterAFailureWhereOnlyTheOrderMatters) {
  Scheduler scheduler({{}, {.after = {0}}}, {});
  scheduler.start();

  EXPECT_EQ(scheduler.fail(0), Indices{});

  EXPECT_EQ(scheduler.start(), Indices{1});
}

TEST(Scheduler, TakesTheLongestRemainingPathFirst) {
  const auto seconds = [](int n) { return Duration(std::chrono::seconds(n)); };
  Scheduler scheduler(
      {{.estimate = seconds(5)}, {.estimate = seconds(1)}, {.needs = {1}, .estimate = seconds(9)}},
      {.in_all = 1});

  EXPECT_EQ(scheduler.start(), Indices{1});
}

TEST(Scheduler, LeavesProcessorsToTheMostUrgentOfTheHeavySteps) {
  std::vector<Step> steps(4);
  for (std::size_t i = 0; i < 3; ++i)
    steps[i].heavy = true;
  steps[2].estimate = std::chrono::seconds(9);
  Scheduler scheduler(steps, {.heavy = 1});

  EXPECT_EQ(scheduler.start(), (Indices{2, 3}));
  scheduler.done(3);
  EXPECT_TRUE(scheduler.start().empty());
  scheduler.done(2);
  EXPECT_EQ(scheduler.start(), Indices{0});
}

TEST(Scheduler, HoldsItsBounds) {
  std::vector<Step> steps;
  for (int i = 0; i < 4; ++i)
    steps.push_back(on_host("near"));
  for (int i = 0; i < 4; ++i)
    steps.push_back(on_host("far", "nodes.web"));

  Scheduler wide(steps, {.in_all = 8, .per_host = 3});
  Scheduler narrow(steps, {.in_all = 2, .per_host = 3});

  EXPECT_EQ(wide.start(), (Indices{0, 1, 2, 4})) << "three on a host, one in a lane";
  EXPECT_EQ(narrow.start().size(), 2U);
  wide.done(4);
  EXPECT_EQ(wide.start(), Indices{5});
}

TEST(Scheduler, StartsNothingOnceStopped) {
  Scheduler scheduler({{}, {.needs = {0}}}, {});
  scheduler.start();

  scheduler.stop();

  EXPECT_FALSE(scheduler.is_finished());
  scheduler.done(0);
  EXPECT_TRUE(scheduler.start().empty());
  EXPECT_TRUE(scheduler.is_finished());
  EXPECT_EQ(scheduler.state(1), State::Waiting);
}

}  // namespace
}  // namespace encamp
