// What holds for every site, whatever it was before.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/graph/order.h"
#include "engine/plan/plan.h"
#include "tests/support/test_registry.h"
#include "tests/support/test_site.h"

namespace encamp {
namespace {

using Verb = Action::Verb;

// A site of up to four nodes with up to four items each, which need earlier ones of any node.
Site any_site() {
  std::vector<Resource> resources;
  std::vector<Address> earlier;
  for (int n = 0; n < 4; ++n) {
    if (*rc::gen::inRange(0, 3) == 0)
      continue;
    const std::string name = "n" + std::to_string(n);
    Properties properties;
    if (*rc::gen::inRange(0, 4) == 0)
      properties["isolation"] = "vm";
    if (*rc::gen::inRange(0, 4) == 0)
      properties["memory"] = Bytes::mebi(512);
    resources.push_back(test::node(name, properties));
    if (!earlier.empty() && *rc::gen::inRange(0, 4) == 0)
      resources.back().needs = {{*rc::gen::elementOf(earlier), {}}};
    std::vector<Address> on_this_node;
    for (int i = 0; i < 4; ++i) {
      if (*rc::gen::inRange(0, 2) == 0)
        continue;
      std::vector<Need> needs;
      if (!earlier.empty() && *rc::gen::inRange(0, 2) == 0)
        needs.push_back({*rc::gen::elementOf(earlier), {}});
      Properties content{{"content", *rc::gen::inRange(0, 2)}};
      if (*rc::gen::inRange(0, 3) == 0) {
        content = {{"undo", "leave"}};
        resources.push_back(test::item(name, "command", "c" + std::to_string(i), content, needs));
      } else {
        resources.push_back(test::item(name, "file", "/f" + std::to_string(i), content, needs));
      }
      on_this_node.push_back(resources.back().address);
    }
    earlier.insert(earlier.end(), on_this_node.begin(), on_this_node.end());
    earlier.push_back(resources.front().address);
  }
  return test::site_of(std::move(resources));
}

// Some rows are in the middle of their lives.
std::vector<Record> interrupted(std::vector<Record> records) {
  for (Record& record : records) {
    const int chance = *rc::gen::inRange(0, 12);
    if (chance == 0)
      record.life = Life::Intended;
    else if (chance == 1)
      record.life = Life::Removing;
    else if (chance == 2)
      record.life = Life::Removed;
  }
  return records;
}

void assert_in_order(const Plan& plan) {
  for (std::size_t i = 0; i < plan.actions.size(); ++i) {
    for (const std::size_t need : plan.actions[i].needs)
      RC_ASSERT(need < i);
  }
}

RC_GTEST_PROP(PlanProperty, RespectsEveryEdgeOfTheGraph, ()) {
  const Registry registry = test::test_registry();
  const std::vector<Record> records = interrupted(test::deployed(any_site(), registry));
  const BoundGraph bound = test::bound(any_site(), registry, records);

  const Plan plan = make_plan(bound, registry, records);

  assert_in_order(plan);
  for (const Graph::Edge& edge : bound.graph.edges) {
    const auto place = [&](Graph::Vertex v) {
      return std::ranges::find_if(plan.actions, [&](const Action& action) {
        return action.verb != Verb::Remove && action.address() == bound.graph.resources[v].address;
      });
    };
    RC_ASSERT(place(edge.from) != plan.actions.end());
    RC_ASSERT(place(edge.to) < place(edge.from));
  }
}

RC_GTEST_PROP(PlanProperty, LeavesNothingToDo, ()) {
  const Registry registry = test::test_registry();
  const std::vector<Record> before = interrupted(test::deployed(any_site(), registry));
  const Site site = any_site();
  const Plan plan = make_plan(test::bound(site, registry, before), registry, before);

  const std::vector<Record> after = test::executed(plan, before);

  RC_ASSERT(!make_plan(test::bound(site, registry, after), registry, after).has_changes());
}

RC_GTEST_PROP(PlanProperty, TeardownEndsEveryRowOnce, ()) {
  const Registry registry = test::test_registry();
  const std::vector<Record> records = interrupted(test::deployed(any_site(), registry));

  const Plan plan = make_teardown(records, registry);

  assert_in_order(plan);
  std::multiset<Address> ended;
  for (const Action& action : plan.actions) {
    ended.insert(action.address());
    for (const Record& record : action.within)
      ended.insert(record.address);
  }
  std::multiset<Address> rows;
  for (const Record& record : records)
    rows.insert(record.address);
  RC_ASSERT(ended == rows);
}

RC_GTEST_PROP(Order, HasEveryVertexAfterWhatItNeedsOrThereIsACycle, ()) {
  const std::size_t vertices = *rc::gen::inRange<std::size_t>(1, 12);
  std::vector<NeedPair> needs;
  const int count = *rc::gen::inRange(0, 15);
  for (int i = 0; i < count; ++i)
    needs.emplace_back(*rc::gen::inRange<std::size_t>(0, vertices),
                       *rc::gen::inRange<std::size_t>(0, vertices));

  const auto order = find_order(vertices, needs);
  const auto cycles = find_cycles(vertices, needs);

  RC_ASSERT(order.has_value() == cycles.empty());
  if (order) {
    for (const auto& [later, earlier] : needs)
      RC_ASSERT(std::ranges::find(*order, earlier) < std::ranges::find(*order, later));
  }
  for (const auto& cycle : cycles) {
    for (std::size_t i = 0; i < cycle.size(); ++i)
      RC_ASSERT(needs[cycle[i]].second == needs[cycle[(i + 1) % cycle.size()]].first);
  }
}

}  // namespace
}  // namespace encamp
