#include "engine/plan/removal.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "engine/mutant.h"
#include "engine/state/current_records.h"

namespace encamp {
namespace {

bool is_item(const Record& record) {
  const std::string_view node = node_of(record.address);
  return !node.empty() && node != record.address;
}

bool has_undo(const Record& record) {
  const auto undo = record.properties.find("undo");
  return undo != record.properties.end() && !undo->second.is_null();
}

bool is_shared(const Registry& registry, const std::string& component) {
  const Component* known = registry.find(component);
  return known != nullptr && known->schema().shared;
}

class RemovalOrder {
 public:
  explicit RemovalOrder(const std::vector<Action>& actions) : actions_(actions) {
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      const Action& action = actions_[i];
      if (action.record)
        enter(*action.record, i);
      for (const Record& record : action.within)
        enter(record, i);
    }
  }

  std::vector<NeedPair> run() {
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      const Action& action = actions_[i];
      if (action.verb != Action::Verb::Remove)
        continue;
      const Record& record = *action.record;
      if (record.component == "node")
        order_node(i, action);
      else if (is_item(record))
        order_item(i, action);
      else if (!mutant("network-before-nodes"))
        for (const Dependent& dependent : dependents_[record.address])
          after_removal(i, dependent);
      if (!action.replaces)
        order_updates(i, action);
    }
    return std::move(pairs_);
  }

 private:
  // A row that needs something, and the action it belongs to.
  struct Dependent {
    const Record* record;
    std::size_t action;
  };

  void enter(const Record& record, std::size_t action) {
    for (const Address& need : record.needs)
      dependents_[need].push_back({&record, action});
  }

  void after(std::size_t later, std::size_t earlier) {
    if (later != earlier)
      pairs_.emplace_back(later, earlier);
  }

  void after_removal(std::size_t later, const Dependent& earlier) {
    if (actions_[earlier.action].verb == Action::Verb::Remove)
      after(later, earlier.action);
  }

  // All rows that need one of `start`, over any number of steps.
  std::vector<Dependent> all_dependents(const std::vector<Address>& start) {
    std::vector<Dependent> found;
    std::set<Address> seen(start.begin(), start.end());
    std::deque<Address> queue(start.begin(), start.end());
    while (!queue.empty()) {
      for (const Dependent& dependent : dependents_[queue.front()]) {
        if (!seen.insert(dependent.record->address).second)
          continue;
        found.push_back(dependent);
        queue.push_back(dependent.record->address);
      }
      queue.pop_front();
    }
    return found;
  }

  void order_node(std::size_t index, const Action& action) {
    std::vector<Address> all{action.address()};
    for (const Record& item : action.within)
      all.push_back(item.address);
    for (std::size_t i = 0; i < actions_.size(); ++i) {
      const Action& other = actions_[i];
      if (other.node_ends && node_of(other.address()) == action.address()) {
        all.push_back(other.address());
        after(index, i);
      }
    }
    for (const Address& address : all) {
      for (const Dependent& dependent : dependents_[address]) {
        if (dependent.record->component == "node")
          after_removal(index, dependent);
      }
    }
    for (const Dependent& dependent : all_dependents(all)) {
      if (is_item(*dependent.record) && actions_[dependent.action].record &&
          actions_[dependent.action].record->address == dependent.record->address)
        after_removal(index, dependent);
    }
  }

  void order_item(std::size_t index, const Action& item) {
    if (mutant("undo-without-order"))
      return;
    for (const Dependent& dependent : all_dependents({item.address()})) {
      const bool own = actions_[dependent.action].address() == dependent.record->address;
      if (own || !item.node_ends)
        after_removal(index, dependent);
    }
  }

  void order_updates(std::size_t index, const Action& action) {
    std::vector<Address> gone{action.address()};
    for (const Record& item : action.within)
      gone.push_back(item.address);
    for (const Address& address : gone) {
      for (const Dependent& dependent : dependents_[address]) {
        if (actions_[dependent.action].verb == Action::Verb::Update)
          after(index, dependent.action);
      }
    }
  }

  const std::vector<Action>& actions_;
  std::map<Address, std::vector<Dependent>> dependents_;
  std::vector<NeedPair> pairs_;
};

}  // namespace

std::vector<Action> make_removals(const std::vector<Ending>& endings, const Registry& registry,
                                  std::shared_ptr<const std::vector<Record>> records) {
  if (endings.empty())
    return {};
  const CurrentRecords current(*records);
  // Those that end, and not only what is left of an earlier generation: what lies on a node lies on
  // its last one.
  std::map<Address, const Ending*> nodes;
  for (const Ending& ending : endings) {
    if (ending.record->component == "node" && current.find(ending.record->address) == ending.record)
      nodes[ending.record->address] = &ending;
  }
  std::map<const Record*, std::vector<Record>> within;
  std::vector<Action> actions;
  for (const Ending& ending : endings) {
    const Record& record = *ending.record;
    const Address node(node_of(record.address));
    const auto node_ending = nodes.find(node);
    if (is_item(record) && node_ending != nodes.end()) {
      const bool reachable = node_ending->second->record->life == Life::Present;
      const bool to_undo = has_undo(record) && record.life != Life::Removed;
      if (node_ending->second->replaces || !reachable || !to_undo) {
        within[node_ending->second->record].push_back(record);
        continue;
      }
    }
    Resource resource{.address = record.address, .component = record.component};
    bool forget = is_shared(registry, record.component);
    if (is_item(record)) {
      resource.node = node;
      const Record* on = current.find(node);
      forget |= on == nullptr || on->life == Life::Gone || on->life == Life::Removed;
    }
    actions.push_back({.generation = record.generation,
                       .verb = Action::Verb::Remove,
                       .replaces = ending.replaces,
                       .forget = forget,
                       .node_ends = is_item(record) && node_ending != nodes.end(),
                       .reasons = ending.reasons,
                       .resource = std::make_shared<const Resource>(std::move(resource)),
                       .properties = {},
                       .record = {records, &record},
                       .within = {},
                       .host = record.host,
                       .needs = {}});
  }
  for (Action& action : actions) {
    if (action.resource->component != "node")
      continue;
    const auto ending = nodes.find(action.address());
    if (ending != nodes.end() && ending->second->record->generation == action.generation)
      action.within = within[ending->second->record];
  }
  return actions;
}

std::vector<NeedPair> removal_order(const std::vector<Action>& actions) {
  const bool any = std::ranges::any_of(
      actions, [](const Action& action) { return action.verb == Action::Verb::Remove; });
  return any ? RemovalOrder(actions).run() : std::vector<NeedPair>();
}

}  // namespace encamp
