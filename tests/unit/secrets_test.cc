// Secrets of a deployment: where their text is, and where it never is.
#include <algorithm>

#include <gmock/gmock.h>

#include "engine/plan/print.h"
#include "engine/run/evidence.h"
#include "tests/unit/deployed.h"

namespace encamp::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSecretSite = R"(
encamp: 1
site: lab
networks: {lan: {}}
images: {debian: {debian: bookworm}}
resources:
  key: {secret: {bytes: 32}}
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/key
        content: ${{ resources.key.value }}
        mode: "0400"
      - file: /etc/app.conf
        content: |
          user = app
          password = ${{ resources.key.value }}
      - package: app
      - service: app
        restarts_with: [/etc/app.conf]
      - name: show
        command: echo ${{ resources.key.value }}
        undo: forget ${{ resources.key.value }}
tests:
  login: {node: a, run: "login ${{ resources.key.value }}", expect: {contains: "${{ resources.key.value }}"}}
)";

/// All that a deployment has told or recorded, and its plan.
std::string told_by(Deployed& lab) {
  std::string text = to_json(lab.plan) + to_text(lab.plan);
  for (const Record& record : lab.journal.records())
    text += to_json(record.properties) + to_json(record.attributes) + to_json(record.notes);
  if (const std::optional<Deployment> facts = lab.journal.deployment())
    text += to_json(*facts);
  for (const Event& event : lab.events.all())
    text += event.text + event.detail + event.hint + "\n";
  for (const RecordedReport* report : {&lab.evidence, &lab.collected}) {
    for (const auto& [path, bytes] : report->all())
      text += bytes;
  }
  return text;
}

std::string failures_of(const Outcome& outcome) {
  std::string text;
  for (const Failure& failure : outcome.failures)
    text += full_text(failure.error);
  return text;
}

FakeMachine& machine(Deployed& lab) {
  for (const Record& record : lab.journal.records()) {
    if (record.address == "nodes.a" && lab.world.machine(address_of(record)) != nullptr)
      return *lab.world.machine(address_of(record));
  }
  throw std::logic_error("node a does not run");
}

std::string key_of(Deployed& lab) {
  return machine(lab).files.at("/etc/key").content;
}

class Secrets : public testing::Test {
 protected:
  Secrets() { EXPECT_EQ(failures_of(lab.run_up()), ""); }

  Deployed lab{kSecretSite};
};

TEST_F(Secrets, AreOnTheNodeAndWithTheDeploymentAndNowhereElse) {
  const std::string key = key_of(lab);

  const TestRun run = lab.run_site_tests();

  EXPECT_THAT(key, testing::MatchesRegex("[0-9a-f]{64}"));
  EXPECT_EQ(machine(lab).files.at("/etc/app.conf").content, "user = app\npassword = " + key + "\n");
  EXPECT_EQ(lab.journal.find_secret("resources.key.value.1"), key);
  EXPECT_EQ(run.results.front().why, "");
  EXPECT_THAT(run.results.front().output, Not(HasSubstr(key)));
  EXPECT_THAT(told_by(lab), Not(HasSubstr(key)));
}

TEST_F(Secrets, AreKeptAndComparedByTheirDigests) {
  const std::string key = key_of(lab);

  EXPECT_EQ(lab.run_up().summary(), "nothing to do");
  EXPECT_EQ(key_of(lab), key);
}

TEST_F(Secrets, MakeAnUpdateOfWhatIsWrittenAroundThem) {
  const std::string key = key_of(lab);
  std::string text = kSecretSite;
  text.replace(text.find("user = app"), 10, "user = web");
  lab.read(text);

  const Outcome outcome = lab.run_up();

  EXPECT_EQ(failures_of(outcome), "");
  EXPECT_THAT(to_text(lab.plan), HasSubstr("content: (secret) -> another (secret)"));
  EXPECT_THAT(to_text(lab.plan), HasSubstr("restarts_with: (known later)"));
  EXPECT_EQ(machine(lab).files.at("/etc/app.conf").content, "user = web\npassword = " + key + "\n");
  EXPECT_THAT(told_by(lab), Not(HasSubstr(key)));
}

TEST_F(Secrets, OfAnotherLengthAreOthers) {
  const std::string key = key_of(lab);
  std::string text = kSecretSite;
  text.replace(text.find("bytes: 32"), 9, "bytes: 16");
  lab.read(text);

  EXPECT_EQ(failures_of(lab.run_up()), "");

  EXPECT_EQ(key_of(lab).size(), 32U);
  EXPECT_FALSE(lab.journal.find_secret("resources.key.value.1"));
  EXPECT_THAT(told_by(lab), Not(HasSubstr(key_of(lab))));
}

TEST_F(Secrets, AreTakenOutOfWhatAFailedCommandPrinted) {
  lab.world.shell = [](FakeMachine&, const Command& command) {
    return CommandResult{.exit = 1, .output = "no: " + command.text + "\n"};
  };
  std::string text = kSecretSite;
  text.replace(text.find("command: echo"), 13, "command: fail");
  lab.read(text);

  const Outcome outcome = lab.run_up();

  EXPECT_THAT(failures_of(outcome), HasSubstr("no: (secret)"));
  EXPECT_THAT(failures_of(outcome), Not(HasSubstr(key_of(lab))));
  EXPECT_THAT(told_by(lab), Not(HasSubstr(key_of(lab))));
}

TEST_F(Secrets, AreKnownToTheUndoThatNamesThem) {
  const std::string key = key_of(lab);
  std::string text = kSecretSite;
  text.replace(text.find("      - name: show"),
               text.find("tests:") - text.find("      - name: show"), "");
  lab.read(text);

  EXPECT_EQ(failures_of(lab.run_up()), "");

  EXPECT_EQ(machine(lab).commands.back(), "forget " + key);
}

TEST(SecretFile, HasItsContentShownNowhere) {
  constexpr const char* kText = R"(
encamp: 1
site: lab
networks: {lan: {}}
images: {debian: {debian: bookworm}}
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - {file: /etc/one, content: open sesame, secret: true}
      - {file: /etc/two, content: "open sesame at ${{ node.address }}", secret: true}
)";
  Deployed lab(kText);
  EXPECT_EQ(failures_of(lab.run_up()), "");

  EXPECT_EQ(machine(lab).files.at("/etc/one").content, "open sesame");
  EXPECT_THAT(machine(lab).files.at("/etc/two").content, HasSubstr("open sesame at 10."));
  EXPECT_THAT(told_by(lab), Not(HasSubstr("sesame")));

  EXPECT_EQ(lab.run_up().summary(), "nothing to do");
  std::string text = kText;
  text.replace(text.find("content: open"), 13, "content: shut");
  lab.read(text);
  EXPECT_EQ(lab.run_up().summary(), "1 updated");
  EXPECT_EQ(machine(lab).files.at("/etc/one").content, "shut sesame");
  EXPECT_THAT(told_by(lab), Not(HasSubstr("sesame")));
}

TEST_F(Secrets, GoWithTheDeployment) {
  EXPECT_EQ(failures_of(lab.run_down()), "");

  EXPECT_TRUE(lab.journal.is_closed());
  EXPECT_FALSE(lab.journal.find_secret("resources.key.value.1"));
}

TEST(SecretOfADeployment, IsTheSameAfterAKillAnywhere) {
  for (int call = 1, died = 1; died != 0; ++call) {
    Deployed lab(kSecretSite);
    lab.world.faults.kill_at(call, Faults::When::After);
    try {
      lab.run_up();
    } catch (const Killed&) {
    }
    died = lab.world.faults.is_dead() ? 1 : 0;
    lab.world.faults.revive();

    ASSERT_EQ(failures_of(lab.run_up()), "") << "killed in call " << call;

    ASSERT_EQ(machine(lab).files.at("/etc/app.conf").content,
              "user = app\npassword = " + key_of(lab) + "\n");
    ASSERT_EQ(lab.run_up().summary(), "nothing to do");
    ASSERT_THAT(told_by(lab), Not(HasSubstr(key_of(lab)))) << "killed in call " << call;
  }
}

}  // namespace
}  // namespace encamp::test
