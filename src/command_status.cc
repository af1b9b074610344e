#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/bind/bind.h"
#include "engine/plan/plan.h"
#include "src/commands.h"
#include "src/deployments.h"
#include "src/event_log.h"
#include "src/sqlite_lock.h"
#include "src/standing.h"
#include "src/terminal_summary.h"
#include "src/workbench.h"

namespace encamp {
namespace {

// The only deployment there is, when none is named.
std::string name_or_only(const Deployments& deployments, const std::string& name) {
  if (!name.empty())
    return name;
  const std::vector<std::string> names = deployments.names();
  if (names.size() == 1)
    return names.front();
  if (names.empty())
    throw Error(ErrorKind::NotFound, "there is no deployment").with_hint("encamp up FILE");
  throw Error(ErrorKind::NotFound,
              fmt::format("there are several deployments: {}", fmt::join(names, ", ")))
      .with_hint(fmt::format("encamp status {}", names.front()));
}

// What the hosts say; a host that does not answer says nothing, and `silent` why.
Observations look(Program& program, const PlaceOptions& places, const std::vector<Record>& records,
                  std::string& silent) {
  const HostsFile hosts = find_hosts(program, places);
  std::vector<HostOffer> offers;
  for (const HostSettings& settings : hosts.hosts) {
    try {
      LibvirtHost host(settings);
      offers.push_back({settings.name, host.inventory()});
    } catch (const Error& error) {
      silent += fmt::format("host '{}' says nothing: {}\n", settings.name, error.what());
    }
  }
  return observe(records, offers);
}

// One word on a resource: what the journal says, corrected by what was seen.
std::string state_of(const Record& record, const Observations& seen) {
  const auto found = seen.find(record.address);
  if (record.life != Life::Present || found == seen.end())
    return to_string(record.life);
  switch (found->second.kind) {
    case Observation::Kind::Seen:
      return to_string(record.life);
    case Observation::Kind::Stopped:
      return "stopped";
    case Observation::Kind::Gone:
      return "gone";
  }
  return to_string(record.life);
}

std::string address_shown(const Record& record) {
  const char* const attribute = record.component == "network" ? "subnet" : "address";
  const std::optional<Value> value =
      chosen_attribute(record.component, record.properties, attribute);
  return value && value->is_text() ? value->text() : "";
}

std::string json_line(const Record& record, const Observations& seen) {
  nlohmann::ordered_json json{{"address", record.address},
                              {"component", record.component},
                              {"generation", record.generation},
                              {"state", state_of(record, seen)},
                              {"host", record.host}};
  if (const std::string address = address_shown(record); !address.empty())
    json["at"] = address;
  return json.dump() + "\n";
}

std::string last_run_line(const Deployment& deployment, const std::filesystem::path& folder) {
  std::string text;
  if (deployment.last_run) {
    const Deployment::Run& run = *deployment.last_run;
    text = fmt::format("last run: {} at {}: {}\n", run.verb, utc_text(run.began),
                       run.ended ? run.summary : "has not ended");
  }
  if (const std::optional<std::string> holder = find_lock_holder(folder))
    text += fmt::format("in use by {}\n", *holder);
  else if (deployment.last_run && !deployment.last_run->ended)
    text += fmt::format("its process died; next: encamp down {}, or the same 'up' again\n",
                        deployment.name);
  return text;
}

}  // namespace

ExitCode run_status(Program& program, const StatusOptions& options) {
  const Deployments deployments(state_directory(options.places.state));
  const std::string name = name_or_only(deployments, options.name);
  const std::unique_ptr<Journal> journal = deployments.read(name);
  const std::optional<Deployment> deployment = journal->deployment();
  const std::vector<Record> records = journal->records();
  std::string silent;
  const Observations seen = look(program, options.places, records, silent);

  if (options.json) {
    for (const Record& record : records)
      program.out().write(json_line(record, seen));
    return ExitCode::Done;
  }
  std::string out = fmt::format("{}: {}\n", name, standing_of(deployment, records).word);
  if (deployment)
    out += fmt::format("made from {}\n{}", deployment->description,
                       last_run_line(*deployment, deployments.folder(name)));
  std::size_t width = 0;
  for (const Record& record : records)
    width = std::max(width, record.address.size());
  for (const Record& record : records) {
    std::string line = fmt::format("  {:{}}  {:8}  {}", record.address, width,
                                   state_of(record, seen), address_shown(record));
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  if (deployment && !deployment->outputs.empty())
    out += "outputs:\n" + outputs_of(*deployment);
  program.out().write(out);
  program.err().write(silent);
  return ExitCode::Done;
}

}  // namespace encamp
