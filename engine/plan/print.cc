#include "engine/plan/print.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace encamp {
namespace {

// Empty for what is not shown: kept, only a row's end or a second look, or told by the other half
// of a replacement.
std::string sign(const Action& action) {
  switch (action.verb) {
    case Action::Verb::Keep:
      return "";
    case Action::Verb::Create:
      return action.replaces ? "-/+" : "+";
    case Action::Verb::Update:
      return "~";
    case Action::Verb::Remove:
      return action.replaces || action.forget || action.record->life == Life::Removed ? "" : "-";
  }
  return "";
}

const char* name_of(Action::Verb verb) {
  switch (verb) {
    case Action::Verb::Keep:
      return "keep";
    case Action::Verb::Create:
      return "create";
    case Action::Verb::Update:
      return "update";
    case Action::Verb::Remove:
      return "remove";
  }
  return "";
}

}  // namespace

std::string to_text(const Plan& plan) {
  std::string out;
  for (const Action& action : plan.actions) {
    const std::string mark = sign(action);
    if (mark.empty())
      continue;
    out += fmt::format("{:>3} {}", mark, action.address());
    if (!action.within.empty())
      out += fmt::format(" with {} item{}", action.within.size(),
                         action.within.size() == 1 ? "" : "s");
    out += '\n';
    for (const std::string& reason : action.reasons)
      out += fmt::format("      {}\n", reason);
  }
  if (!plan.has_changes())
    return out + "Nothing to do.\n";
  const Plan::Counts counts = plan.counts();
  return out + fmt::format("\nPlan: {} to add, {} to change, {} to remove.\n", counts.add,
                           counts.change, counts.remove);
}

std::string to_json(const Plan& plan) {
  using Json = nlohmann::ordered_json;
  Json json;
  const Plan::Counts counts = plan.counts();
  json["counts"] = {{"add", counts.add}, {"change", counts.change}, {"remove", counts.remove}};
  json["actions"] = Json::array();
  for (const Action& action : plan.actions) {
    Json entry{{"address", action.address()},
               {"generation", action.generation},
               {"verb", name_of(action.verb)},
               {"replaces", action.replaces},
               {"component", action.resource->component},
               {"host", action.host},
               {"reasons", action.reasons},
               {"needs", action.needs}};
    if (action.verb != Action::Verb::Remove)
      entry["properties"] = Json::parse(to_json(action.properties));
    if (action.forget)
      entry["forget"] = true;
    for (const Record& record : action.within)
      entry["within"].push_back(record.address);
    json["actions"].push_back(std::move(entry));
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace encamp
