#include "engine/plan/plan.h"

#include <algorithm>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "engine/description/name_map.h"
#include "engine/mutant.h"
#include "engine/plan/removal.h"
#include "engine/state/current_records.h"

namespace encamp {
namespace {

using Verb = Action::Verb;

// Whether two subjects (a path, a list of packages) have something in common.
bool share(const Value& one, const Value& other) {
  if (!one.is_list() || !other.is_list())
    return one == other;
  return std::ranges::any_of(one.list(), [&](const Value& item) {
    return std::ranges::find(other.list(), item) != other.list().end();
  });
}

// Puts `actions` into an order that respects `must` and, as far as they close no cycle, `wishes`.
std::vector<Action> arrange(std::vector<Action> actions, const std::vector<NeedPair>& must,
                            const std::vector<NeedPair>& wishes) {
  std::vector<std::vector<std::size_t>> needs(actions.size());
  std::vector<std::size_t> counts(actions.size());
  for (const NeedPair& pair : must)
    ++counts[pair.first];
  for (std::size_t i = 0; i < needs.size(); ++i)
    needs[i].reserve(counts[i]);
  for (const auto& [later, earlier] : must)
    needs[later].push_back(earlier);
  const auto reaches = [&](std::size_t from, std::size_t to) {
    std::vector<bool> seen(actions.size(), false);
    std::vector<std::size_t> stack{from};
    while (!stack.empty()) {
      const std::size_t at = stack.back();
      stack.pop_back();
      if (at == to)
        return true;
      if (seen[at])
        continue;
      seen[at] = true;
      stack.insert(stack.end(), needs[at].begin(), needs[at].end());
    }
    return false;
  };
  for (const auto& [later, earlier] : wishes) {
    if (!reaches(earlier, later))
      needs[later].push_back(earlier);
  }
  std::vector<NeedPair> pairs;
  pairs.reserve(must.size() + wishes.size());
  for (std::size_t i = 0; i < needs.size(); ++i) {
    std::ranges::sort(needs[i]);
    const auto again = std::ranges::unique(needs[i]);
    needs[i].erase(again.begin(), again.end());
    for (const std::size_t need : needs[i])
      pairs.emplace_back(i, need);
  }
  const auto order = find_order(actions.size(), pairs);
  std::vector<std::size_t> place(actions.size());
  for (std::size_t i = 0; i < actions.size(); ++i)
    place[order.value()[i]] = i;
  for (std::size_t i = 0; i < actions.size(); ++i) {
    for (std::size_t& need : needs[i])
      need = place[need];
    std::ranges::sort(needs[i]);
    actions[i].needs = std::move(needs[i]);
  }
  if (std::ranges::is_sorted(*order))  // As they are: always when nothing is removed.
    return actions;
  std::vector<Action> arranged;
  arranged.reserve(actions.size());
  for (const std::size_t i : *order)
    arranged.push_back(std::move(actions[i]));
  return arranged;
}

// What the actions share.
struct Basis {
  BoundGraph bound;
  std::vector<Record> records;
};
using SharedBasis = std::shared_ptr<const Basis>;

Secret::Key key_in(const std::vector<Record>& records) {
  for (const Record& record : records) {
    for (const auto& [name, value] : record.properties) {
      const Secret* secret = find_secret(value);
      if (secret != nullptr && secret->key() != nullptr)
        return secret->key();
    }
  }
  return nullptr;
}

class Planner {
 public:
  Planner(const SharedBasis& basis, const Registry& registry, const Observations& observations)
      : basis_(basis),
        bound_(basis->bound),
        registry_(registry),
        records_(basis->records),
        current_(records_),
        observations_(observations) {
    // Late attributes count only of what is kept: others may report something else this time.
    lookup_ = make_lookup(bound_, [this](const Address& address) -> const Attributes* {
      const Action* action = decided(address);
      return action != nullptr && action->verb == Verb::Keep ? &action->record->attributes
                                                             : nullptr;
    });
  }

  Plan run() {
    actions_.reserve(bound_.graph.order.size());
    index_.reserve(bound_.graph.order.size());
    for (const Graph::Vertex v : bound_.graph.order)
      decide(v);
    end_the_rest();
    std::vector<Action> removals = make_removals(endings_, registry_, {basis_, &basis_->records});
    mend_what_shares(removals);

    std::vector<NeedPair> must;
    must.reserve(bound_.graph.edges.size());
    std::vector<std::size_t> decided_as(actions_.size());  // Of each vertex, in `actions_`.
    for (std::size_t i = 0; i < actions_.size(); ++i)
      decided_as[bound_.graph.order[i]] = i;
    for (const Graph::Edge& edge : bound_.graph.edges) {
      const auto& resources = bound_.graph.resources;
      if (mutant("needs-ignored") && resources[edge.to].node != resources[edge.from].node)
        continue;
      must.emplace_back(decided_as[edge.from], decided_as[edge.to]);
    }
    for (Action& removal : removals) {
      const std::size_t* const wanted = index_.find(removal.address());
      if (wanted != nullptr && actions_[*wanted].verb == Verb::Create)
        must.emplace_back(*wanted, actions_.size());
      // What is taken from a node that stays waits until the node runs.
      const std::size_t* const node = index_.find(removal.resource->node);
      if (node != nullptr && !removal.node_ends)
        must.emplace_back(actions_.size(), *node);
      for (std::size_t i = 0; i < wanted_count(); ++i) {
        if (actions_[i].verb != Verb::Keep && shares(actions_[i], removal))
          must.emplace_back(i, actions_.size());
      }
      actions_.push_back(std::move(removal));
    }
    const std::vector<NeedPair> wishes = removal_order(actions_);
    return {arrange(std::move(actions_), must, wishes), {basis_, &bound_}};
  }

 private:
  std::size_t wanted_count() const { return bound_.graph.order.size(); }

  const Action* decided(const Address& address) const {
    const std::size_t* const found = index_.find(address);
    return found == nullptr ? nullptr : &actions_[*found];
  }

  // One wanted resource; all that it needs is decided already.
  void decide(Graph::Vertex v) {
    // Made in its place, for which run() has reserved; only then it can be found.
    Action& action = actions_.emplace_back();
    action.generation = bound_.bindings[v].generation;
    action.verb = Verb::Create;
    action.resource = {basis_, &bound_.graph.resources[v]};
    action.host = bound_.bindings[v].host;
    action.properties = settle(action.resource->properties, lookup_);
    give_key(action.properties);
    const Record* record = current_.find(action.address());
    const Action* node = action.resource->node.empty() ? nullptr : decided(action.resource->node);
    if (record != nullptr && node != nullptr && node->verb == Verb::Create && !node->record) {
      action.generation = record->generation + 1;  // Its row ends with the old node.
      action.replaces = is_standing(*record);
      if (action.replaces)
        action.reasons = {"its node is replaced"};
    } else if (record != nullptr && record->life == Life::Gone) {
      action.generation = record->generation + 1;
    } else if (record != nullptr && !is_standing(*record)) {
      action.replaces = record->life == Life::Removing;
      if (action.replaces)
        action.reasons = {"its removal was interrupted"};
      endings_.push_back({record, action.replaces, action.reasons});
    } else if (record != nullptr) {
      decide_existing(action, *record, v);
    }
    index_.emplace(action.address(), actions_.size() - 1);
  }

  // What the description itself holds secret is compared with what is recorded under its key.
  void give_key(Properties& properties) {
    const bool has_secret = std::ranges::any_of(
        properties, [](const auto& entry) { return find_secret(entry.second) != nullptr; });
    if (!has_secret)
      return;
    if (!key_)
      key_ = key_in(records_);
    if (*key_ == nullptr)
      return;
    for (auto& [name, value] : properties.entries_to_change())
      value = with_secrets(value, [&](const Secret& secret) -> Value {
        return secret.key() == nullptr ? secret.with_key(*key_) : secret;
      });
  }

  void decide_existing(Action& action, const Record& record, Graph::Vertex v) {
    const Component& component = registry_.get(action.resource->component);
    const auto [known, waiting] = known_part(action.properties, record.properties);
    Change change = component.compare(known, record.properties);
    add_what_was_seen(change, component, record);
    if (record.component == "node")
      add_replaced_ground(change, v);
    if (component.schema().runs && restarted_.contains(action.resource->node))
      raise(change, Change::Kind::Update, "its node starts again");
    if (change.kind == Change::Kind::Replace && !component.schema().shared) {
      action.replaces = true;
      action.generation = record.generation + (mutant("same-generation") ? 0 : 1);
      action.reasons = std::move(change.reasons);
      bind_generation(action.properties, *action.resource, bound_.deployment, action.generation);
      endings_.push_back({&record, true, action.reasons});
      return;
    }
    action.record = {basis_, &record};
    if (record.life == Life::Intended) {
      action.reasons = {"its creation is not finished"};
      return;
    }
    if (change.restarts)
      restarted_.insert(action.address());
    for (const std::string& name : waiting)
      change.reasons.push_back(name + ": (known later)");
    action.verb = change.kind == Change::Kind::Keep && waiting.empty() ? Verb::Keep : Verb::Update;
    action.reasons = std::move(change.reasons);
  }

  // The properties that can be compared, and the names of those that wait for something.
  static std::pair<Properties, std::vector<std::string>> known_part(Properties wanted,
                                                                    const Properties& recorded) {
    std::vector<std::string> waiting;
    for (const auto& [name, value] : wanted) {
      if (!value.is_known())
        waiting.push_back(name);
    }
    for (const std::string& name : waiting) {
      if (const auto then = recorded.find(name); then != recorded.end())
        wanted[name] = then->second;
      else
        wanted.erase(name);
    }
    return {std::move(wanted), std::move(waiting)};
  }

  void add_what_was_seen(Change& change, const Component& component, const Record& record) const {
    const auto seen = observations_.find(record.address);
    if (seen == observations_.end() || record.life != Life::Present)
      return;
    const Change drift = drift_of(component, record, seen->second);
    for (const std::string& reason : drift.reasons)
      raise(change, drift.kind, reason);
    change.restarts = change.restarts || drift.restarts;
  }

  // What a node stands on: a guest does not outlive its network, nor what it mounts.
  void add_replaced_ground(Change& change, Graph::Vertex node) const {
    if (endings_.empty())
      return;
    for (const Graph::Edge& edge : bound_.graph.edges_from(node)) {
      const Resource& ground = bound_.graph.resources[edge.to];
      const bool is_ground = ground.component == "network" || ground.component == "storage" ||
                             ground.component == "volume";
      const bool goes = std::ranges::any_of(
          endings_, [&](const Ending& ending) { return ending.record->address == ground.address; });
      if (is_ground && goes)
        raise(change, Change::Kind::Replace, ground.address + " is replaced");
    }
  }

  static void raise(Change& change, Change::Kind kind, std::string reason) {
    change.kind = std::max(change.kind, kind);
    change.reasons.push_back(std::move(reason));
  }

  // Rows of what is not wanted, items of replaced nodes, and earlier generations.
  void end_the_rest() {
    std::set<const Record*> listed;
    for (const Ending& ending : endings_)
      listed.insert(ending.record);
    for (const Record& record : records_) {
      // What is Removed is looked at again: a late creation may have brought it back.
      const bool is_over = record.life == Life::Gone ||
                           (record.life == Life::Removed && mutant("removed-is-forgotten"));
      if (is_over || listed.contains(&record))
        continue;
      const Action* action = decided(record.address);
      if (action == nullptr)
        endings_.push_back({&record, false, {"it is not in the description any more"}});
      else if (!action->record)
        endings_.push_back({&record, action->replaces, {}});
      else if (action->record->generation != record.generation)
        endings_.push_back({&record, false, {"its removal was interrupted"}});
    }
  }

  // Whether removing `removal` takes away something that `action` wants on the same node.
  bool shares(const Action& action, const Action& removal) const {
    if (removal.resource->node.empty() || action.resource->node != removal.resource->node ||
        action.resource->component != removal.resource->component)
      return false;
    const Schema& schema = registry_.get(action.resource->component).schema();
    const auto wanted = action.properties.find(schema.subject);
    const auto removed = removal.record->properties.find(schema.subject);
    return wanted != action.properties.end() && removed != removal.record->properties.end() &&
           share(wanted->second, removed->second);
  }

  void mend_what_shares(const std::vector<Action>& removals) {
    for (Action& action : actions_) {
      for (const Action& removal : removals) {
        if (action.verb != Verb::Keep || removal.address() == action.address() ||
            !shares(action, removal))
          continue;
        action.verb = Verb::Update;
        action.reasons.push_back(
            fmt::format("shares something with {}, which is removed", removal.address()));
      }
    }
  }

  const SharedBasis basis_;
  const BoundGraph& bound_;
  const Registry& registry_;
  const std::vector<Record>& records_;
  const CurrentRecords current_;
  const Observations& observations_;
  std::optional<Secret::Key> key_;  // Of the secrets that are recorded, once it is asked for.
  std::vector<Action> actions_;  // Of what is wanted, as in the graph's order; then the removals.
  NameMap<std::size_t> index_;   // By address, which the graph keeps.
  std::vector<Ending> endings_;
  std::set<Address> restarted_;  // Nodes that are kept and start again.
  Lookup lookup_;                // Over the decisions so far.
};

}  // namespace

Plan::Counts Plan::counts() const {
  Counts counts;
  for (const Action& action : actions) {
    counts.add += action.verb == Verb::Create ? 1 : 0;
    counts.change += action.verb == Verb::Update ? 1 : 0;
    const bool takes_away =
        action.verb == Verb::Remove && !action.forget && action.record->life != Life::Removed;
    counts.remove += takes_away ? 1 : 0;
  }
  return counts;
}

bool Plan::has_changes() const {
  const Counts all = counts();
  return all.add + all.change + all.remove > 0;
}

Plan make_plan(BoundGraph bound, const Registry& registry, std::vector<Record> records,
               const Observations& observations) {
  const auto basis = std::make_shared<const Basis>(std::move(bound), std::move(records));
  return Planner(basis, registry, observations).run();
}

Plan make_teardown(std::vector<Record> records, const Registry& registry) {
  const auto shared = std::make_shared<const std::vector<Record>>(std::move(records));
  std::vector<Ending> endings;
  for (const Record& record : *shared) {
    if (record.life != Life::Gone)
      endings.push_back({&record, false, {}});
  }
  std::vector<Action> actions = make_removals(endings, registry, shared);
  const std::vector<NeedPair> wishes = removal_order(actions);
  return {arrange(std::move(actions), {}, wishes), nullptr};
}

}  // namespace encamp
