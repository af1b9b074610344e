#include <filesystem>

#include <fmt/format.h>

#include "engine/description/read.h"
#include "engine/run/deployment.h"
#include "src/commands.h"
#include "src/local_loader.h"
#include "src/question.h"
#include "src/terminal_summary.h"
#include "src/workbench.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

// The name of the deployment that `target` means: its name, or the file it was made from.
std::string find_target(const Deployments& deployments, const std::string& target) {
  if (deployments.has(target) || !fs::is_regular_file(target)) {
    deployments.require(target);
    return target;
  }
  const std::string file = fs::absolute(target).lexically_normal().native();
  std::vector<std::string> made_from_it;
  for (const std::string& name : deployments.names()) {
    const std::optional<Deployment> deployment = deployments.read(name)->deployment();
    if (deployment && deployment->description == file)
      made_from_it.push_back(name);
  }
  if (made_from_it.empty())
    throw Error(ErrorKind::NotFound, fmt::format("no deployment was made from '{}'", target))
        .with_hint("encamp list");
  if (made_from_it.size() > 1)
    throw Error(ErrorKind::NotFound, fmt::format("several deployments were made from '{}': {}",
                                                 target, fmt::join(made_from_it, ", ")))
        .with_hint(fmt::format("encamp down {}", made_from_it.front()));
  return made_from_it.front();
}

}  // namespace

ExitCode run_down(Program& program, const DownOptions& options) {
  Deployments deployments(state_directory(options.places.state));
  const std::string name = find_target(deployments, options.target);
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  const std::unique_ptr<Journal> journal = deployments.open(name, "down " + name);
  if (!may_go_on(program,
                 fmt::format("Take away '{}' with {} resources?", name, journal->records().size()),
                 options.yes)) {
    program.err().write("nothing was changed\n");
    return program.signals().received() != 0
               ? static_cast<ExitCode>(128 + program.signals().received())
               : ExitCode::Failed;
  }

  Workbench bench(program, world, deployments,
                  {.places = options.places,
                   .name = name,
                   .verb = "down",
                   .parallel = options.parallel,
                   .json = options.json});
  Environment environment = bench.environment(*journal);
  const Outcome outcome = down(environment);
  bench.finish();
  if (!options.json) {
    program.out().write("\n" + summary_of(outcome, {.color = program.out().has_color()}));
    if (!outcome.succeeded())
      program.out().write(fmt::format("next: encamp down {} goes on from here\n", name));
  }
  return bench.leave(outcome);
}

}  // namespace encamp
