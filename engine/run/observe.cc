#include "engine/run/observe.h"

#include <algorithm>
#include <exception>
#include <memory>

#include "engine/run/action_context.h"
#include "engine/run/answered_guest.h"

namespace encamp {
namespace {

// Until a node that runs has to let us in, and until it has to have answered.
constexpr std::chrono::seconds kPatience{10};

// What is looked at together: a node and what lies on it, or what lies on hosts alone.
struct Group {
  std::optional<Record> node;
  std::vector<Record> records;  // The node first.
  Observations seen;
  std::exception_ptr interrupted;
};

class ObservingContext : public ActionContext {
 public:
  ObservingContext(RunState& state, Record& record, Guest* guest)
      : ActionContext(state, record, "observe"), guest_(guest) {}

  Guest& guest_by(Clock::Instant deadline) override {
    return guest_ != nullptr ? *guest_ : ActionContext::guest_by(deadline);
  }

 private:
  Guest* guest_;
};

Observation silent(const RunState& state, const Error& error) {
  if (error.kind() == ErrorKind::Interrupted)
    throw Error(error);
  return {.kind = Observation::Kind::Silent, .why = state.mask.masked(error.what())};
}

Observation observe_one(RunState& state, Record record, Guest* guest) {
  const Component* component = state.environment.registry.find(record.component);
  if (component == nullptr)
    return {};
  try {
    ObservingContext context(state, record, guest);
    context.begin_attempt(context.clock().now() + kPatience);
    std::optional<Properties> seen = component->observe(record, context);
    if (!seen)
      return {.kind = Observation::Kind::Gone};
    return {.properties = std::move(*seen)};
  } catch (const Error& error) {
    return silent(state, error);
  } catch (const std::exception& error) {  // The component is wrong; the others go on.
    return {.kind = Observation::Kind::Silent, .why = state.mask.masked(error.what())};
  }
}

// The items of a node, by one question to it.
void observe_items(RunState& state, Group& group) {
  Questions questions;
  for (const Record& record : group.records) {
    if (const Component* component = state.environment.registry.find(record.component))
      component->ask(record, questions);
  }
  Clock& clock = state.environment.world.clock();
  Guest& guest = guest_of(state.environment, *group.node, clock.now() + kPatience);
  const Answers answers = questions.empty() ? Answers{} : guest.answer(questions);
  AnsweredGuest answered(guest, answers);
  for (const Record& record : group.records) {
    if (record.address != group.node->address)
      group.seen[record.address] = observe_one(state, record, &answered);
  }
}

void observe_group(RunState& state, Group& group) {
  try {
    for (const Record& record : group.records) {
      if (!group.node || record.address == group.node->address)
        group.seen[record.address] = observe_one(state, record, nullptr);
    }
    if (!group.node || group.records.size() < 2 ||
        group.seen.at(group.node->address).kind != Observation::Kind::Seen)
      return;
    try {
      observe_items(state, group);
    } catch (const Error& error) {
      group.seen.at(group.node->address) = silent(state, error);
    }
  } catch (const Error&) {
    group.interrupted = std::current_exception();
  }
}

std::vector<Group> groups_of(const std::vector<Record>& records, const Observations& seen) {
  std::map<Address, Group> nodes;
  Group others;
  for (const Record& record : records) {
    if (record.life != Life::Present || seen.contains(record.address))
      continue;
    const Address node(node_of(record.address));
    if (node.empty())
      others.records.push_back(record);
    else if (node == record.address)
      nodes[node].node = record;
    if (!node.empty())
      nodes[node].records.push_back(record);
  }
  std::vector<Group> groups;
  for (auto& [address, group] : nodes) {
    if (!group.node)
      continue;  // Gone, stopped, or not finished.
    groups.push_back(std::move(group));
  }
  if (!others.records.empty())
    groups.push_back(std::move(others));
  return groups;
}

}  // namespace

Observations observe_inside(Observations seen, const Deployment& facts, Environment& environment) {
  // Shared with works that outlive us when the process is to die (Killed).
  const auto state = std::make_shared<RunState>(environment, facts, environment.journal.records());
  const auto shared = std::make_shared<std::vector<Group>>(groups_of(state->records.all(), seen));
  std::vector<Group>& groups = *shared;
  const auto bound = static_cast<std::size_t>(std::max(environment.bounds.in_all, 1));
  std::size_t started = 0;
  for (std::size_t ended = 0; ended < groups.size(); ++ended) {
    for (; started < groups.size() && started < ended + bound; ++started) {
      environment.executor.start(
          started, [state, shared, started] { observe_group(*state, (*shared)[started]); });
    }
    // All are waited for; each has a deadline.
    environment.executor.next_done({}, std::nullopt);
  }
  for (Group& group : groups) {
    if (group.interrupted)
      std::rethrow_exception(group.interrupted);
    seen.merge(group.seen);
  }
  return seen;
}

}  // namespace encamp
