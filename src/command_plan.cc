#include "engine/plan/print.h"
#include "src/commands.h"
#include "src/preparing.h"
#include "src/workbench.h"

namespace encamp {

ExitCode run_plan(Program& program, const PlanOptions& options) {
  const Description description = read_good_description(program, options.site, options.name);
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  Deployments deployments(state_directory(options.places.state));

  std::unique_ptr<Journal> journal;
  if (deployments.has(description.site->name))
    journal = deployments.read(description.site->name);
  const std::unique_ptr<Reservations> reservations = deployments.reservations();
  const Prepared prepared = prepare(program,
                                    {.description = description,
                                     .world = world,
                                     .hosts = hosts,
                                     .deployments = deployments,
                                     .journal = journal.get(),
                                     .reservations = reservations.get(),
                                     .observe = options.observe},
                                    Reserve::No);

  program.out().write(options.json ? to_json(prepared.plan) + "\n" : to_text(prepared.plan));
  return options.exit_code && prepared.plan.has_changes() ? ExitCode::WorkToDo : ExitCode::Done;
}

}  // namespace encamp
