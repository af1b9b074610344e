#include "components/service/service.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/item_context.h"

namespace encamp {
namespace {

const ServiceComponent kService;

Properties nginx(Value::Mapping ready = {}) {
  Properties properties{{"name", "nginx"}, {"enabled", true}, {"running", true}};
  if (!ready.empty())
    properties["ready"] = std::move(ready);
  return properties;
}

TEST(Service, IsEnabledAndStarted) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];

  context.realize(kService, nginx());

  EXPECT_TRUE(context.machine.units["nginx"].enabled);
  EXPECT_TRUE(context.machine.units["nginx"].active);
}

TEST(Service, CostsFewCallsWithAPort) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  context.machine.ports[80] = "nginx";

  context.realize(kService, nginx({{"port", 80}}));

  EXPECT_EQ(context.faults.log(),
            (std::vector<std::string>{"unit", "enable_unit", "start_unit", "listens"}));
}

TEST(Service, MayBeStoppedAndDisabled) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"] = {.enabled = true, .active = true};

  context.realize(kService, {{"name", "nginx"}, {"enabled", false}, {"running", false}});

  EXPECT_FALSE(context.machine.units["nginx"].enabled);
  EXPECT_FALSE(context.machine.units["nginx"].active);
}

TEST(Service, IsAsBeforeWhenTheItemGoes) {
  test::ItemContext started("nodes.node.software.nginx");
  started.machine.units["nginx"];
  started.realize(kService, nginx());
  started.realize(kService, nginx());
  test::ItemContext found("nodes.node.software.nginx");
  found.machine.units["nginx"] = {.enabled = true, .active = true};
  found.realize(kService, nginx());

  kService.remove(started.own, started);
  kService.remove(found.own, found);

  EXPECT_FALSE(started.machine.units["nginx"].active);
  EXPECT_FALSE(started.machine.units["nginx"].enabled);
  EXPECT_TRUE(found.machine.units["nginx"].active);
  EXPECT_TRUE(found.machine.units["nginx"].enabled);
}

Properties nginx_with(const std::string& digest) {
  Properties properties = nginx();
  properties["restarts_with"] =
      Value::Mapping{{"nodes.node.software['file /etc/nginx.conf']", digest}};
  return properties;
}

TEST(Service, RestartsWhenWhatItReadsHasChanged) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];

  context.realize(kService, nginx_with("one"));
  context.realize(kService, nginx_with("one"));
  const auto restarts = [&] { return std::ranges::count(context.faults.log(), "restart_unit"); };
  EXPECT_EQ(restarts(), 0);
  context.realize(kService, nginx_with("two"));
  context.realize(kService, nginx_with("two"));

  EXPECT_EQ(restarts(), 1);
  EXPECT_TRUE(context.machine.units["nginx"].active);
}

TEST(Service, RestartsWhenItRanBeforeItsFilesWereWritten) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"] = {.enabled = true, .active = true};

  context.realize(kService, nginx_with("one"));

  EXPECT_EQ(std::ranges::count(context.faults.log(), "restart_unit"), 1);
}

TEST(Service, DoesNotRestartWhatShallNotRun) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  Properties wanted = nginx_with("one");
  wanted["running"] = false;

  context.realize(kService, wanted);

  EXPECT_EQ(std::ranges::count(context.faults.log(), "restart_unit"), 0);
}

TEST(Service, ForgivesThatItsPackageIsGone) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  context.realize(kService, nginx());
  context.machine.units.clear();

  EXPECT_NO_THROW(kService.remove(context.own, context));
}

TEST(Service, NamesAUnitThatIsNotThere) {
  test::ItemContext context("nodes.node.software.nginx");

  const Error error = context.error_of(kService, nginx());

  EXPECT_EQ(error.kind(), ErrorKind::NotFound);
  EXPECT_NE(std::string(error.what()).find("there is no unit 'nginx' on the node"),
            std::string::npos);
}

TEST(Service, SaysWhatItWaitedForAndWhatItSaw) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  const Clock::Instant begin = context.clock().now();

  const Error error = context.error_of(kService, nginx({{"port", 8080}}));

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_STREQ(error.what(), "service 'nginx' was not ready within 1 min: waited for port 8080");
  EXPECT_TRUE(error.detail().starts_with("unit: active (running)\n")) << error.detail();
  EXPECT_GE(context.clock().now() - begin, std::chrono::minutes(1));
  EXPECT_LT(context.clock().now() - begin, std::chrono::seconds(61));
}

TEST(Service, WaitsAsLongAsItsReadySays) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];

  const Error error = context.error_of(
      kService, nginx({{"url", "http://localhost/"}, {"timeout", Duration(5000)}}));

  EXPECT_STREQ(error.what(),
               "service 'nginx' was not ready within 5 s: waited for http://localhost/");
}

TEST(Service, IsReadyByACommandThatSucceedsInTheEnd) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  int left = 3;
  context.shell = [&](test::FakeMachine&, const Command& command) {
    EXPECT_EQ(command.text, "nginx -t");
    return CommandResult{.exit = --left};
  };

  context.realize(kService, nginx({{"command", "nginx -t"}}));

  EXPECT_EQ(left, 0);
}

TEST(Service, ShowsWhatTheCommandPrintedThatNeverSucceeded) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  context.shell = [](test::FakeMachine&, const Command&) {
    return CommandResult{.exit = 1, .output = "2 of 4 slots", .errors = "no route\n"};
  };

  const Error error = context.error_of(kService, nginx({{"command", "count-slots"}}));

  EXPECT_TRUE(error.detail().starts_with("2 of 4 slotsno route\nunit: active (running)\n"))
      << error.detail();
}

TEST(Service, IsReadyByAnAnswerThatIsNoError) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  context.machine.pages["http://a/"] = 302;
  context.machine.pages["http://b/"] = 503;

  EXPECT_NO_THROW(context.realize(kService, nginx({{"url", "http://a/"}})));
  EXPECT_THROW(context.realize(kService, nginx({{"url", "http://b/"}})), Error);
}

TEST(Service, StopsWaitingWhenAsked) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  context.interrupt.request_stop();

  EXPECT_EQ(context.error_of(kService, nginx({{"port", 80}})).kind(), ErrorKind::Interrupted);
}

TEST(Service, ShowsThatItStopped) {
  test::ItemContext context("nodes.node.software.nginx");
  context.machine.units["nginx"];
  context.realize(kService, nginx());
  context.machine.units["nginx"].active = false;

  const Change change =
      kService.compare(context.own.properties, *kService.observe(context.own, context));

  EXPECT_EQ(change.reasons, std::vector<std::string>{"running: false -> true"});
}

TEST(Service, IsReadyByOneSignOnly) {
  Diagnostics diagnostics;
  Resource resource;
  for (const Value::Mapping& ready :
       {Value::Mapping{{"port", 80}}, Value::Mapping{{"timeout", Duration(1000)}},
        Value::Mapping{{"port", 80}, {"log", "started"}}}) {
    resource.properties["ready"] = ready;
    kService.check(resource, diagnostics);
  }

  ASSERT_EQ(diagnostics.all().size(), 2U);
  EXPECT_EQ(diagnostics.all()[0].label, "none is here");
  EXPECT_EQ(diagnostics.all()[1].label, "more than one is here");
}

}  // namespace
}  // namespace encamp
