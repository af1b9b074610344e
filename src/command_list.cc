#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/commands.h"
#include "src/deployments.h"
#include "src/event_log.h"
#include "src/standing.h"
#include "src/terminal_text.h"

namespace encamp {

ExitCode run_list(Program& program, const ListOptions& options) {
  const Deployments deployments(state_directory(options.places.state));
  const std::vector<std::string> names = deployments.names();
  if (names.empty() && !options.json) {
    program.out().write("no deployments; next: encamp up FILE\n");
    return ExitCode::Done;
  }
  std::size_t width = 0;
  for (const std::string& name : names)
    width = std::max(width, name.size());
  for (const std::string& name : names) {
    const std::unique_ptr<Journal> journal = deployments.read(name);
    const std::optional<Deployment> deployment = journal->deployment();
    const Standing standing = standing_of(deployment, journal->records());
    if (options.json) {
      nlohmann::ordered_json json{{"name", name},
                                  {"state", standing.word},
                                  {"nodes", standing.nodes},
                                  {"resources", standing.resources}};
      if (deployment) {
        json["created"] = utc_text(deployment->created);
        json["description"] = deployment->description;
      }
      program.out().write(json.dump() + "\n");
    } else {
      program.out().write(fmt::format("{:{}}  {:11}  {:9}  {}\n", name, width, standing.word,
                                      counted(standing.nodes, "node"),
                                      deployment ? deployment->description : ""));
    }
  }
  return ExitCode::Done;
}

}  // namespace encamp
