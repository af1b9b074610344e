// What was changed or ended behind our back: found, told with reasons, mended.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/unit/deployed.h"

namespace encamp::test {
namespace {

using Verb = Action::Verb;
constexpr auto kInside = Deployed::Look::Inside;

constexpr const char* kObservedSite = R"(
encamp: 1
site: lab
networks: {lan: {}}
images: {debian: {debian: bookworm}}
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - package: nginx-light
      - file: /etc/nginx/nginx.conf
        content: "listen 80\n"
        mode: "0640"
      - command: make-keys
        creates: /srv/keys
      - service: nginx
        restarts_with: /etc/nginx/nginx.conf
  b:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/motd
        content: hello
)";

class Observed : public testing::Test {
 protected:
  Observed() : lab(kObservedSite) {
    lab.world.shell = [](FakeMachine& machine, const Command& command) {
      if (command.text == "make-keys")
        machine.files["/srv/keys"] = {.path = "/srv/keys"};
      return CommandResult{};
    };
    EXPECT_TRUE(lab.run_up().succeeded());
  }

  FakeMachine& machine(const std::string& node) {
    for (const Record& record : lab.journal.records()) {
      if (record.address == "nodes." + node && record.life == Life::Present)
        return *lab.world.machine(address_of(record));
    }
    throw std::logic_error("no node " + node);
  }

  Claim guest(const std::string& node) {
    for (const Record& record : lab.journal.records()) {
      if (record.address == "nodes." + node)
        return record.claims.front();
    }
    throw std::logic_error("no node " + node);
  }

  /// `verb address: reasons` of what is not kept.
  std::vector<std::string> steps(Deployed::Look look = kInside) {
    std::vector<std::string> steps;
    for (const Action& action : lab.what_to_do(look).actions) {
      if (action.verb == Verb::Keep || (action.verb == Verb::Remove && action.replaces))
        continue;
      std::string step = (action.verb == Verb::Create ? "create " : "update ") + action.address();
      for (const std::string& reason : action.reasons)
        step += "; " + reason;
      steps.push_back(std::move(step));
    }
    return steps;
  }

  void expect_mended() {
    EXPECT_TRUE(lab.run_up(kInside).succeeded());
    EXPECT_EQ(steps(), std::vector<std::string>{});
  }

  Deployed lab;
};

using Steps = std::vector<std::string>;

TEST_F(Observed, NothingIsFoundWhereNothingWasChanged) {
  EXPECT_EQ(steps(), Steps{});
  EXPECT_EQ(lab.run_up(kInside).summary(), "nothing to do");
}

TEST_F(Observed, AnEditedFileIsWrittenAgainAndWhatRestartsWithItRestarts) {
  machine("a").files.at("/etc/nginx/nginx.conf").content = "listen 81\n";
  lab.world.faults.revive();

  EXPECT_EQ(steps(),
            (Steps{"update nodes.a.software['file /etc/nginx/nginx.conf']; drift: content: "
                   "\"listen 81\\n\" -> \"listen 80\\n\"",
                   "update nodes.a.software.nginx; restarts_with: (known later)"}));
  EXPECT_EQ(steps(Deployed::Look::Outside), Steps{}) << "only who looks inside sees it";
  expect_mended();
  EXPECT_EQ(machine("a").files.at("/etc/nginx/nginx.conf").content, "listen 80\n");
  EXPECT_EQ(lab.world.faults.calls("restart_unit"), 1);
}

TEST_F(Observed, AMendedFileRestartsItsServiceAlsoInTheNextRun) {
  machine("a").files.at("/etc/nginx/nginx.conf").content = "listen 81\n";
  lab.world.faults.revive();
  lab.world.faults.fail("restart_unit", Error(ErrorKind::Failed, "no memory"), 1,
                        Faults::When::Before);

  EXPECT_FALSE(lab.run_up(kInside).succeeded());
  lab.world.faults.revive();
  EXPECT_TRUE(lab.run_up().succeeded());

  EXPECT_EQ(lab.world.faults.calls("restart_unit"), 1);
}

TEST_F(Observed, AFileWithAnotherModeAndOneThatIsGoneAreMended) {
  machine("a").files.at("/etc/nginx/nginx.conf").mode = 0666;
  machine("b").files.erase("/etc/motd");

  EXPECT_EQ(steps(), (Steps{"update nodes.a.software['file /etc/nginx/nginx.conf']; drift: mode: "
                            "\"0666\" -> \"0640\"",
                            "update nodes.a.software.nginx; restarts_with: (known later)",
                            "update nodes.b.software['file /etc/motd']; is gone"}));
  expect_mended();
  EXPECT_EQ(machine("b").files.at("/etc/motd").content, "hello");
}

TEST_F(Observed, AStoppedServiceAndARemovedPackageComeBack) {
  machine("a").units.at("nginx").active = false;
  machine("a").packages.erase("nginx-light");

  EXPECT_EQ(steps(), (Steps{"update nodes.a.software['package nginx-light']; is gone",
                            "update nodes.a.software.nginx; drift: running: false -> true"}));
  expect_mended();
  EXPECT_TRUE(machine("a").units.at("nginx").active);
  EXPECT_TRUE(machine("a").packages.contains("nginx-light"));
}

TEST_F(Observed, ACommandRunsAgainWhenItsProductIsMissing) {
  machine("a").files.erase("/srv/keys");

  EXPECT_EQ(steps(), Steps{"update nodes.a.software['command make-keys']; is gone"});
  expect_mended();
  EXPECT_TRUE(machine("a").files.contains("/srv/keys"));
}

TEST_F(Observed, AGuestThatIsGoneIsMadeAnew) {
  lab.world.here().destroy_guest(guest("b"));
  lab.world.here().undefine_guest(guest("b"));

  EXPECT_EQ(steps(), (Steps{"create nodes.b; is gone",
                            "create nodes.b.software['file /etc/motd']; its node is replaced"}));
  expect_mended();
}

TEST_F(Observed, AStoppedGuestStartsAndItsServicesAreLookedAfter) {
  lab.world.here().destroy_guest(guest("a"));

  EXPECT_EQ(steps(), (Steps{"update nodes.a; is not running",
                            "update nodes.a.software.nginx; its node starts again"}));
  expect_mended();
}

TEST_F(Observed, OfANodeThatDoesNotAnswerNothingIsSaidButThat) {
  lab.world.faults.revive();
  lab.world.faults.fail("connect", Error(ErrorKind::Timeout, "no SSH banner"), 1,
                        Faults::When::Before);

  const Steps seen = steps();

  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen.front().starts_with("update nodes.")) << seen.front();
  EXPECT_TRUE(seen.front().ends_with("cannot be looked at: no SSH banner")) << seen.front();
}

TEST_F(Observed, ANodeIsAskedOnceAboutAllOfIt) {
  lab.world.faults.revive();

  steps();

  EXPECT_EQ(lab.world.faults.calls("connect"), 2);
  EXPECT_EQ(lab.world.faults.calls("find_file"), 3) << "by the fake's answer() alone";
  EXPECT_EQ(lab.world.faults.calls("unit"), 1);
  EXPECT_EQ(lab.world.faults.calls("commit"), 0);
}

}  // namespace
}  // namespace encamp::test
