#include "engine/plan/plan.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/description/expression_tree.h"
#include "engine/plan/print.h"
#include "tests/support/golden.h"
#include "tests/support/test_registry.h"
#include "tests/support/test_site.h"

namespace encamp {
namespace {

using test::item;
using test::node;
using Verb = Action::Verb;

class PlanOf : public ::testing::Test {
 protected:
  Plan plan(const Site& site, const Observations& observations = {}) {
    return make_plan(test::bound(site, registry_, records_), registry_, records_, observations);
  }

  Registry registry_ = test::test_registry();
  std::vector<Record> records_;
};

// The index of the action, failing when there is none.
std::size_t index_of(const Plan& plan, Verb verb, const Address& address) {
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    if (plan.actions[i].verb == verb && plan.actions[i].address() == address)
      return i;
  }
  ADD_FAILURE() << "no such action of " << address << " in\n" << to_json(plan);
  return 0;
}

bool has(const Plan& plan, Verb verb, const Address& address) {
  return std::ranges::any_of(plan.actions, [&](const Action& action) {
    return action.verb == verb && action.address() == address;
  });
}

// Whether `later` waits for `earlier`, over any number of steps.
bool waits(const Plan& plan, std::size_t later, std::size_t earlier) {
  return std::ranges::any_of(plan.actions[later].needs, [&](std::size_t need) {
    return need == earlier || waits(plan, need, earlier);
  });
}

Site hello_with(const std::string& content, Bytes memory = Bytes::mebi(256)) {
  return test::site_of({node("web", {{"memory", memory}}),
                        item("web", "package", Value::List{"nginx-light", "curl"}),
                        item("web", "file", "/var/www/html/index.html", {{"content", content}}),
                        item("web", "service", "nginx")});
}

TEST_F(PlanOf, NothingCreatesAll) {
  test::expect_golden("plan_create.txt", to_text(plan(test::hello())));
}

TEST_F(PlanOf, WhatIsThereHasNothingToDo) {
  records_ = test::deployed(test::hello(), registry_);

  const Plan nothing = plan(test::hello());

  EXPECT_EQ(to_text(nothing), "Nothing to do.\n");
  EXPECT_EQ(nothing.actions.size(), 7U);  // All kept, the implied storage too.
}

TEST_F(PlanOf, AChangedFileUpdatesIt) {
  records_ = test::deployed(hello_with("hello\n"), registry_);

  test::expect_golden("plan_update.txt", to_text(plan(hello_with("good morning\n"))));
}

TEST_F(PlanOf, AnotherKindReplacesTheNodeAndAllInIt) {
  records_ = test::deployed(test::hello(), registry_);
  Site site = test::hello();
  for (Resource& resource : site.resources) {
    if (resource.component == "node")
      resource.properties["isolation"] = "vm";
  }

  const Plan replace = plan(site);

  test::expect_golden("plan_replace.txt", to_text(replace));
  const Action& old = replace.actions[index_of(replace, Verb::Remove, "nodes.web")];
  const Action& fresh = replace.actions[index_of(replace, Verb::Create, "nodes.web")];
  EXPECT_TRUE(old.replaces);
  EXPECT_EQ(old.within.size(), 3U);
  EXPECT_EQ(fresh.generation, old.generation + 1);
  EXPECT_FALSE(fresh.record);
  const Action& service =
      replace.actions[index_of(replace, Verb::Create, "nodes.web.software.nginx")];
  EXPECT_EQ(service.generation, 2);
  EXPECT_FALSE(has(replace, Verb::Remove, "nodes.web.software.nginx"));
}

TEST_F(PlanOf, ARemovedNodeTakesItsItemsAlong) {
  const Resource keeper = node("keeper");
  records_ = test::deployed(test::site_of({keeper, node("web"), item("web", "service", "nginx")}),
                            registry_);

  const Plan remove = plan(test::site_of({keeper}));

  test::expect_golden("plan_remove_node.txt", to_text(remove));
}

TEST_F(PlanOf, AnInterruptedCreationGoesOn) {
  records_ = test::deployed(test::hello(), registry_);
  test::record_of(records_, "nodes.web").life = Life::Intended;
  std::erase_if(records_,
                [](const Record& record) { return record.address.starts_with("nodes.web."); });

  const Plan go_on = plan(test::hello());

  test::expect_golden("plan_interrupted.txt", to_text(go_on));
  const Action& action = go_on.actions[index_of(go_on, Verb::Create, "nodes.web")];
  EXPECT_EQ(action.generation, 1);
  EXPECT_TRUE(action.record != nullptr);
}

TEST_F(PlanOf, AnInterruptedRemovalIsFinishedFirst) {
  records_ = test::deployed(test::hello(), registry_);
  test::record_of(records_, "nodes.web").life = Life::Removing;

  const Plan finish = plan(test::hello());

  const std::size_t removal = index_of(finish, Verb::Remove, "nodes.web");
  const std::size_t creation = index_of(finish, Verb::Create, "nodes.web");
  EXPECT_TRUE(waits(finish, creation, removal));
  EXPECT_EQ(finish.actions[creation].generation, 2);
  EXPECT_EQ(finish.actions[removal].within.size(), 3U);
}

TEST_F(PlanOf, WhatWasRemovedIsLookedAtAgainAndNotCounted) {
  records_ = test::deployed(test::hello(), registry_);
  test::record_of(records_, "nodes.web.software.nginx").life = Life::Removed;

  const Plan again = plan(test::hello());

  EXPECT_TRUE(waits(again, index_of(again, Verb::Create, "nodes.web.software.nginx"),
                    index_of(again, Verb::Remove, "nodes.web.software.nginx")));
  EXPECT_EQ(again.counts().add, 1);
  EXPECT_EQ(again.counts().remove, 0);
}

// It may have come back late. What lies on the node lies on its last generation.
TEST_F(PlanOf, AnEarlierGenerationIsLookedAtAgainWithoutItems) {
  records_ =
      test::deployed(test::site_of({node("web"), item("web", "service", "nginx")}), registry_);
  Record earlier = test::record_of(records_, "nodes.web");
  earlier.life = Life::Removed;
  test::record_of(records_, "nodes.web").generation = 2;
  records_.push_back(earlier);

  const Plan again = plan(test::site_of({node("web")}));

  EXPECT_TRUE(again.actions[index_of(again, Verb::Remove, "nodes.web")].within.empty());
  EXPECT_TRUE(has(again, Verb::Remove, "nodes.web.software.nginx"));
  EXPECT_TRUE(has(again, Verb::Keep, "nodes.web"));
  EXPECT_EQ(again.counts().remove, 1);
}

TEST_F(PlanOf, ANodeThatIsGoneIsReplacedAndAStoppedOneUpdated) {
  records_ = test::deployed(test::site_of({node("a"), node("b")}), registry_);

  const Plan mend = plan(test::site_of({node("a"), node("b")}),
                         {{"nodes.a", {.kind = Observation::Kind::Gone}},
                          {"nodes.b", {.kind = Observation::Kind::Stopped}}});

  EXPECT_EQ(mend.actions[index_of(mend, Verb::Create, "nodes.a")].reasons,
            std::vector<std::string>{"is gone"});
  EXPECT_EQ(mend.actions[index_of(mend, Verb::Update, "nodes.b")].reasons,
            std::vector<std::string>{"is not running"});
}

// A file that shows a command's output.
Site site_with_output(const std::string& command) {
  const Value output = attribute_value({"nodes.a.software.date", "output", {}});
  Resource date = item("a", "command", command);
  date.address = "nodes.a.software.date";
  return test::site_of({node("a"), date, item("a", "file", "/date", {{"content", output}})});
}

TEST_F(PlanOf, AKeptCommandsOutputIsKnown) {
  records_ = test::deployed(site_with_output("date"), registry_);
  test::record_of(records_, "nodes.a.software.date").attributes = {{"output", "Monday"}};
  test::record_of(records_, "nodes.a.software['file /date']").properties["content"] = "Monday";

  EXPECT_FALSE(plan(site_with_output("date")).has_changes());
}

TEST_F(PlanOf, AnotherOutputIsKnownLater) {
  records_ = test::deployed(site_with_output("date"), registry_);
  test::record_of(records_, "nodes.a.software.date").attributes = {{"output", "Monday"}};
  test::record_of(records_, "nodes.a.software['file /date']").properties["content"] = "Monday";

  test::expect_golden("plan_known_later.txt", to_text(plan(site_with_output("date -u"))));
}

TEST_F(PlanOf, AReplacedNetworkReplacesTheNodesOnIt) {
  const auto site = [](const std::string& subnet) {
    return test::site_of({test::network("dmz", {{"subnet", subnet}}),
                          node("in", {{"networks", Value::List{"dmz"}}}), node("out")});
  };
  records_ = test::deployed(site("10.9.0.0/24"), registry_);

  const Plan replace = plan(site("10.8.0.0/24"));

  const std::size_t old_network = index_of(replace, Verb::Remove, "networks.dmz");
  const std::size_t new_network = index_of(replace, Verb::Create, "networks.dmz");
  EXPECT_TRUE(waits(replace, old_network, index_of(replace, Verb::Remove, "nodes.in")));
  EXPECT_TRUE(waits(replace, index_of(replace, Verb::Create, "nodes.in"), new_network));
  EXPECT_TRUE(has(replace, Verb::Keep, "nodes.out"));
  EXPECT_NE(replace.actions[new_network].properties.at("bridge"),
            replace.actions[old_network].record->properties.at("bridge"));
}

TEST_F(PlanOf, AnImageIsNeverRemoved) {
  records_ = test::deployed(test::hello(), registry_);
  Site site = test::hello();
  std::erase_if(site.resources, [](const Resource& r) { return r.component != "network"; });

  const Plan remove = plan(site);

  EXPECT_TRUE(remove.actions[index_of(remove, Verb::Remove, "images.debian")].forget);
  EXPECT_EQ(remove.counts().remove, 2);  // The node and the storage.
}

TEST_F(PlanOf, AnUpdateComesBeforeTheRemovalOfWhatItNeeded) {
  const Resource db = node("db");
  const Resource web = node("web");
  records_ = test::deployed(test::site_of({db, item("db", "service", "postgresql"), web,
                                           item("web", "file", "/conf", {{"content", "db"}},
                                                {{"nodes.db.software.postgresql", {}}})}),
                            registry_);

  const Plan change =
      plan(test::site_of({db, web, item("web", "file", "/conf", {{"content", "none"}})}));

  EXPECT_TRUE(waits(change, index_of(change, Verb::Remove, "nodes.db.software.postgresql"),
                    index_of(change, Verb::Update, "nodes.web.software['file /conf']")));
}

TEST_F(PlanOf, AnItemOfAnotherNameForTheSameFileComesAfterTheRemoval) {
  records_ = test::deployed(test::site_of({node("web"), item("web", "file", "/conf")}), registry_);
  Resource renamed = item("web", "file", "/conf");
  renamed.address = "nodes.web.software.conf";

  const Plan rename = plan(test::site_of({node("web"), renamed}));

  EXPECT_TRUE(waits(rename, index_of(rename, Verb::Create, renamed.address),
                    index_of(rename, Verb::Remove, "nodes.web.software['file /conf']")));
}

TEST_F(PlanOf, APackageThatAnotherItemWantsIsMendedAfterTheRemoval) {
  const Resource kept = item("web", "package", Value::List{"curl"});
  const Resource removed = item("web", "package", Value::List{"curl", "git"});
  records_ = test::deployed(test::site_of({node("web"), kept, removed}), registry_);

  const Plan mend = plan(test::site_of({node("web"), kept}));

  EXPECT_TRUE(waits(mend, index_of(mend, Verb::Update, kept.address),
                    index_of(mend, Verb::Remove, removed.address)));
}

TEST_F(PlanOf, RemovedItemsGoInTheOppositeOrder) {
  records_ = test::deployed(test::site_of({node("web"), item("web", "file", "/a"),
                                           item("web", "file", "/b"), item("web", "file", "/c")}),
                            registry_);

  const Plan remove = plan(test::site_of({node("web"), item("web", "file", "/b")}));

  EXPECT_TRUE(waits(remove, index_of(remove, Verb::Remove, "nodes.web.software['file /a']"),
                    index_of(remove, Verb::Remove, "nodes.web.software['file /c']")));
}

TEST(Teardown, AsksAllNodesAtOnceAndTheirGroundAfterwards) {
  const Registry registry = test::test_registry();
  const std::vector<Record> records = test::deployed(
      test::site_of({node("a"), item("a", "service", "one"), node("b"),
                     item("b", "service", "two", {}, {{"nodes.a.software.one", {}}})}),
      registry);

  const Plan down = make_teardown(records, registry);

  test::expect_golden("plan_teardown.txt", to_text(down));
  EXPECT_TRUE(down.actions[index_of(down, Verb::Remove, "nodes.a")].needs.empty());
  EXPECT_TRUE(down.actions[index_of(down, Verb::Remove, "nodes.b")].needs.empty());
  for (const char* ground : {"networks.lan", "storage"}) {
    EXPECT_EQ(down.actions[index_of(down, Verb::Remove, ground)].needs.size(), 2U) << ground;
  }
}

TEST(Teardown, RespectsANodesOwnNeeds) {
  const Registry registry = test::test_registry();
  Resource web = node("web");
  web.needs = {{"nodes.db", {}}};
  const std::vector<Record> records = test::deployed(
      test::site_of({node("db"), item("db", "service", "postgresql"), web}), registry);

  const Plan down = make_teardown(records, registry);

  EXPECT_TRUE(waits(down, index_of(down, Verb::Remove, "nodes.db"),
                    index_of(down, Verb::Remove, "nodes.web")));
}

TEST(Teardown, UndoesBeforeWhatItNeedsIsGone) {
  const Registry registry = test::test_registry();
  const std::vector<Record> records = test::deployed(
      test::site_of({node("head"), item("head", "service", "slurmctld"), node("worker"),
                     item("worker", "command", "join", {{"undo", "leave"}},
                          {{"nodes.head.software.slurmctld", {}}}),
                     item("worker", "file", "/etc/motd")}),
      registry);

  const Plan down = make_teardown(records, registry);

  const std::size_t undo = index_of(down, Verb::Remove, "nodes.worker.software['command join']");
  EXPECT_TRUE(waits(down, index_of(down, Verb::Remove, "nodes.head"), undo));
  EXPECT_TRUE(waits(down, index_of(down, Verb::Remove, "nodes.worker"), undo));
  EXPECT_FALSE(has(down, Verb::Remove, "nodes.worker.software['file /etc/motd']"));
}

TEST(Teardown, DoesNotUndoOnANodeThatNeverCameUp) {
  const Registry registry = test::test_registry();
  std::vector<Record> records = test::deployed(
      test::site_of({node("worker"), item("worker", "command", "join", {{"undo", "leave"}})}),
      registry);
  test::record_of(records, "nodes.worker").life = Life::Removing;

  const Plan down = make_teardown(records, registry);

  EXPECT_FALSE(has(down, Verb::Remove, "nodes.worker.software['command join']"));
  EXPECT_EQ(down.actions[index_of(down, Verb::Remove, "nodes.worker")].within.size(), 1U);
}

TEST(Teardown, SurvivesRowsThatNeedEachOther) {
  const Registry registry = test::test_registry();
  std::vector<Record> records = test::deployed(test::site_of({node("a"), node("b")}), registry);
  test::record_of(records, "nodes.a").needs.push_back("nodes.b");
  test::record_of(records, "nodes.b").needs.push_back("nodes.a");

  const Plan down = make_teardown(records, registry);

  EXPECT_EQ(down.counts().remove, 4);
}

TEST(Observe, ComparesRecordedGuestsWithTheListing) {
  const Claim guest{Claim::Kind::Guest, "encamp.hello.a", "uuid-a", ""};
  const Claim other{Claim::Kind::Guest, "encamp.hello.b", "uuid-b", ""};
  std::vector<Record> records(2);
  records[0] = {.address = "nodes.a", .life = Life::Present, .host = "here", .claims = {guest}};
  records[1] = {.address = "nodes.b", .life = Life::Present, .host = "here", .claims = {other}};
  HostOffer host = test::big_host();
  host.inventory.ours = {{.claim = guest, .owner = {}, .running = false, .memory = {}}};

  const Observations seen = observe(records, {host});

  EXPECT_EQ(seen.at("nodes.a").kind, Observation::Kind::Stopped);
  EXPECT_EQ(seen.at("nodes.b").kind, Observation::Kind::Gone);
  EXPECT_TRUE(observe(records, {}).empty());
}

}  // namespace
}  // namespace encamp
