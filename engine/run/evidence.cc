#include "engine/run/evidence.h"

#include "engine/run/action_context.h"

namespace encamp {
namespace {

constexpr std::size_t kConsole = 64UL << 10U;
constexpr int kJournalLines = 200;
// For a connection to a node whose own was dropped, as after an action that ran out of time.
constexpr std::chrono::seconds kConnect{5};

// Evidence is taken as far as it can be had; that it cannot is evidence too.
template <typename Take>
void keep(Report& report, const std::string& path, Take take) {
  try {
    report.keep(path, take());
  } catch (const Error& error) {
    report.keep(path, std::string("cannot be had: ") + error.what() + "\n");
  }
}

}  // namespace

std::string full_text(const Error& error) {
  std::string text = std::string("error: ") + error.what() + "\n";
  for (const std::string& context : error.context())
    text += "  " + context + "\n";
  if (!error.detail().empty())
    text += error.detail() + (error.detail().ends_with('\n') ? "" : "\n");
  if (!error.hint().empty())
    text += "next: " + error.hint() + "\n";
  return text;
}

void keep_evidence(RunState& state, const Record& record, const Error& error) {
  state.evidence.keep(record.address + "/error", full_text(error));
  if (const std::string_view node = node_of(record.address); !node.empty())
    keep_node_evidence(state, Address(node));
}

void keep_node_evidence(RunState& state, const Address& node) {
  Environment& environment = state.environment;
  const std::optional<Record> record = state.records.find(node);
  if (!record)
    return;
  for (const Claim& claim : record->claims) {
    if (claim.kind == Claim::Kind::Guest)
      keep(state.evidence, node + "/console",
           [&] { return environment.world.host(record->host).console_tail(claim, kConsole); });
  }
  if (record->life != Life::Present)
    return;  // Nobody can log in yet.
  const Clock::Instant deadline = environment.world.clock().now() + kConnect;
  for (const Record& item : state.records.all()) {
    if (node_of(item.address) != node || item.component != "service")
      continue;
    const Component* component = environment.registry.find(item.component);
    const auto unit = component == nullptr ? item.properties.end()
                                           : item.properties.find(component->schema().subject);
    if (unit != item.properties.end() && unit->second.is_text())
      keep(state.evidence, node + "/journal/" + unit->second.text(), [&] {
        return guest_of(environment, *record, deadline)
            .unit_journal(unit->second.text(), kJournalLines);
      });
  }
}

}  // namespace encamp
