#include "components/command/command.h"

#include <gtest/gtest.h>

#include "tests/support/item_context.h"

namespace encamp {
namespace {

const CommandComponent kCommand;

Properties make_key() {
  return {{"text", "make-key"}, {"user", "root"}};
}

/// Answers `make-key` by making /key.
CommandResult shell(test::FakeMachine& machine, const Command& command) {
  if (command.text == "fail")
    return {.exit = 3, .output = "some\x1b[31m output", .errors = "bad\n"};
  if (command.text == "false")
    return {.exit = 1};
  if (command.text == "make-key")
    machine.files["/key"] = {.path = "/key"};
  return {.output = command.text + "\n\n"};
}

TEST(Command, ReportsItsOutputWithoutTheLastNewline) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;

  EXPECT_EQ(context.realize(kCommand, make_key()).at("output").text(), "make-key\n");
}

TEST(Command, RunsOnceThoughTheReplyIsLost) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;
  context.faults.fail("run", Error(ErrorKind::Unavailable, "connection reset"));
  EXPECT_EQ(context.error_of(kCommand, make_key()).kind(), ErrorKind::Unavailable);

  EXPECT_EQ(context.realize(kCommand, make_key()).at("output").text(), "make-key\n");

  EXPECT_EQ(context.machine.commands.size(), 1U);
}

TEST(Command, RunsAgainWithAnotherInput) {
  test::ItemContext context("nodes.node.software.key");
  Properties wanted = make_key();
  context.realize(kCommand, wanted);

  wanted["input"] = "other";
  context.realize(kCommand, wanted);

  EXPECT_EQ(context.machine.commands.size(), 2U);
  EXPECT_EQ(kCommand.compare(wanted, make_key()).kind, Change::Kind::Update);
}

TEST(Command, PassesAllThatItsPropertiesSay) {
  test::ItemContext context("nodes.node.software.key");
  Command seen;
  context.shell = [&](test::FakeMachine&, const Command& command) {
    seen = command;
    return CommandResult{};
  };

  context.realize(kCommand, {{"text", "x"},
                             {"user", "games"},
                             {"directory", "/srv"},
                             {"environment", Value::Mapping{{"A", "b"}}},
                             {"input", "in"}});

  EXPECT_EQ(seen.user, "games");
  EXPECT_EQ(seen.directory, "/srv");
  EXPECT_EQ(seen.environment, (std::map<std::string, std::string>{{"A", "b"}}));
  EXPECT_EQ(seen.input, "in");
  EXPECT_EQ(seen.timeout, std::chrono::minutes(10));
}

TEST(Command, FailsWithItsOutput) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;

  const Error error = context.error_of(kCommand, {{"text", "fail"}, {"user", "root"}});

  EXPECT_EQ(error.kind(), ErrorKind::Failed);
  EXPECT_STREQ(error.what(), "the command ended with exit code 3");
  EXPECT_EQ(error.detail(), "some output\nbad");
}

TEST(Command, SaysThatItsTimeIsOver) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = [](test::FakeMachine&, const Command&) {
    return CommandResult{.exit = 137, .timed_out = true};
  };

  const Error error = context.error_of(kCommand, make_key());

  EXPECT_EQ(error.kind(), ErrorKind::Timeout);
  EXPECT_STREQ(error.what(), "the command did not end within 10 min");
}

TEST(Command, IsNotRunWhenItsProductIsThere) {
  test::ItemContext context("nodes.node.software.key");
  context.machine.files["/key"] = {.path = "/key"};
  Properties wanted = make_key();
  wanted["creates"] = "/key";

  context.realize(kCommand, wanted);

  EXPECT_TRUE(context.machine.commands.empty());
}

TEST(Command, MakesItsProductAgainWhenItIsMissing) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;
  Properties wanted = make_key();
  wanted["creates"] = "/key";
  context.realize(kCommand, wanted);
  context.attempt = 2;  // As the runner counts after a known outcome.
  context.machine.files.erase("/key");
  EXPECT_FALSE(kCommand.observe(context.own, context));

  context.realize(kCommand, wanted);

  EXPECT_TRUE(context.machine.files.contains("/key"));
}

// It was made by a run that nobody heard of: that run is not taken for another one later.
TEST(Command, CountsAsRunWhenItsProductIsThere) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;
  Properties wanted = make_key();
  wanted["creates"] = "/key";
  context.faults.fail("run", Error(ErrorKind::Unavailable, "connection reset"));
  EXPECT_EQ(context.error_of(kCommand, wanted).kind(), ErrorKind::Unavailable);
  const int asked = context.receipts;

  context.realize(kCommand, wanted);

  EXPECT_EQ(context.machine.commands.size(), 1U);
  EXPECT_EQ(context.receipts, asked + 1);
}

TEST(Command, RunsAnotherTextThoughTheProductIsThere) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;
  Properties wanted = make_key();
  wanted["creates"] = "/key";
  context.realize(kCommand, wanted);
  wanted["text"] = "make-another-key";

  context.realize(kCommand, wanted);

  EXPECT_EQ(context.machine.commands.back(), "make-another-key");
}

TEST(Command, IsNotRunWhenUnlessSucceeds) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;
  Properties wanted = make_key();
  wanted["unless"] = "true";
  context.realize(kCommand, wanted);
  EXPECT_EQ(context.machine.commands, std::vector<std::string>{"true"});

  wanted["unless"] = "false";
  context.realize(kCommand, wanted);

  EXPECT_EQ(context.machine.commands.back(), "make-key");
}

TEST(Command, IsNotRepeatedWhenTheGuestLostItsOutcome) {
  test::ItemContext context("nodes.node.software.key");
  context.faults.fail("run", Error(ErrorKind::Unknown, "the node lost what became of 'x'"));

  const Error error = context.error_of(kCommand, make_key());

  EXPECT_EQ(error.kind(), ErrorKind::Unknown);
  EXPECT_NE(error.hint().find("encamp up --again nodes.node.software.key"), std::string::npos);
  EXPECT_EQ(context.faults.calls("run"), 1);
}

TEST(Command, IsRepeatedAfterALostOutcomeWhenItsProductTells) {
  test::ItemContext context("nodes.node.software.key");
  context.shell = shell;
  Properties wanted = make_key();
  wanted["creates"] = "/key";
  context.faults.fail("run", Error(ErrorKind::Unknown, "lost"), 1, test::Faults::When::Before);

  EXPECT_EQ(context.realize(kCommand, wanted).at("output").text(), "make-key\n");

  EXPECT_EQ(context.faults.calls("run"), 2);
}

TEST(Command, IsUndone) {
  test::ItemContext context("nodes.node.software.key");
  Properties wanted = make_key();
  context.realize(kCommand, wanted);
  kCommand.remove(context.own, context);
  EXPECT_EQ(context.machine.commands.size(), 1U);

  wanted["undo"] = "remove-key";
  context.realize(kCommand, wanted);
  kCommand.remove(context.own, context);
  kCommand.remove(context.own, context);

  EXPECT_EQ(context.machine.commands, (std::vector<std::string>{"make-key", "remove-key"}));
}

}  // namespace
}  // namespace encamp
