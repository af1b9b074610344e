#include "engine/run/thread_executor.h"

#include <future>
#include <stdexcept>

#include <gtest/gtest.h>

namespace encamp {
namespace {

TEST(ThreadExecutor, ReturnsEachTicketOnceAndKeepsItsThreads) {
  ThreadExecutor executor;

  for (std::size_t ticket = 0; ticket < 3; ++ticket) {
    executor.start(ticket, [] {});
    EXPECT_EQ(executor.next_done({}, std::nullopt), ticket);
  }

  EXPECT_FALSE(executor.next_done({}, std::chrono::nanoseconds(0)));
}

TEST(ThreadExecutor, ThrowsWhatAWorkThrew) {
  ThreadExecutor executor;
  executor.start(0, [] { throw 7; });

  EXPECT_THROW(executor.next_done({}, std::nullopt), int);
}

TEST(ThreadExecutor, ReturnsNothingWhenStopIsRequested) {
  ThreadExecutor executor;
  std::promise<void> go_on;
  std::stop_source stop;
  executor.start(0, [gate = go_on.get_future().share()] { gate.wait(); });
  stop.request_stop();

  EXPECT_FALSE(executor.next_done(stop.get_token(), std::nullopt));

  go_on.set_value();
  EXPECT_EQ(executor.next_done({}, std::nullopt), 0U);
}

TEST(ThreadExecutor, NeverTellsOfWhatWasAbandoned) {
  ThreadExecutor executor;
  std::promise<void> go_on;
  executor.start(1, [gate = go_on.get_future().share()] { gate.wait(); });

  executor.abandon();
  executor.start(2, [] {});
  EXPECT_EQ(executor.next_done({}, std::nullopt), 2U);
  go_on.set_value();

  EXPECT_FALSE(executor.next_done({}, std::chrono::milliseconds(5)));
}

}  // namespace
}  // namespace encamp
