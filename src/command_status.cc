#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/plan/plan.h"
#include "engine/state/secrets.h"
#include "src/commands.h"
#include "src/deployments.h"
#include "src/event_log.h"
#include "src/observing.h"
#include "src/sqlite_lock.h"
#include "src/standing.h"
#include "src/terminal_status.h"
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

// What the hosts say, and with `observe` what is inside nodes; a host that does not answer says
// nothing, and `silent` why.
Observations look(Program& program, const StatusOptions& options, Journal& journal,
                  const std::vector<Record>& records, std::string& silent) {
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  std::vector<HostOffer> offers;
  for (const HostSettings& settings : hosts.hosts) {
    try {
      offers.push_back({settings.name, world.host(settings.name).inventory()});
    } catch (const Error& error) {
      silent += fmt::format("host '{}' says nothing: {}\n", settings.name, error.what());
    }
  }
  Observations seen = observe(records, offers);
  return options.observe ? look_inside(program, world, journal, std::move(seen)) : seen;
}

std::string json_line(const Record& record, const Condition& condition) {
  nlohmann::ordered_json json{{"address", record.address},
                              {"component", record.component},
                              {"generation", record.generation},
                              {"state", condition.word},
                              {"host", record.host}};
  if (const std::string address = address_shown(record); !address.empty())
    json["at"] = address;
  if (!condition.reasons.empty())
    json["reasons"] = condition.reasons;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
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
  const std::vector<Record> records =
      open_secrets(journal->records(), *journal, find_secret_key(*journal));
  std::string silent;
  const Observations seen = look(program, options, *journal, records, silent);

  if (options.json) {
    for (const Record& record : records)
      program.out().write(json_line(record, condition_of(record, seen, program.registry())));
    return ExitCode::Done;
  }
  std::string out = fmt::format("{}: {}\n", name, standing_of(deployment, records).word);
  if (deployment)
    out += fmt::format("made from {}\n{}", deployment->description,
                       last_run_line(*deployment, deployments.folder(name)));
  out += status_lines(records, seen, program.registry());
  if (deployment && !deployment->outputs.empty())
    out += "outputs:\n" + outputs_of(*deployment);
  program.out().write(out);
  program.err().write(silent);
  return ExitCode::Done;
}

}  // namespace encamp
