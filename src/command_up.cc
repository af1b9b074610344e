#include <algorithm>

#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "engine/plan/print.h"
#include "engine/run/deployment.h"
#include "src/commands.h"
#include "src/preparing.h"
#include "src/question.h"
#include "src/terminal_summary.h"
#include "src/workbench.h"

namespace encamp {
namespace {

// What to type next.
std::string next_steps(const Outcome& outcome, const UpOptions& options, const Description& from) {
  const std::string& name = from.site->name;
  if (outcome.succeeded()) {
    const std::string node = from.first_node();
    return node.empty() ? fmt::format("next: encamp down {}\n", name)
                        : fmt::format("next: encamp ssh {} {}, encamp down {}\n", name, node, name);
  }
  std::string text;
  for (const Failure& failure : outcome.failures) {
    // On a node that stands one can look around; where it failed itself there is only its console.
    const std::string_view node = node_of(failure.address);
    if (text.empty() && !node.empty() && node != failure.address)
      text =
          fmt::format("next: encamp ssh {} {}  looks around on the node\n", name, last_name(node));
  }
  return fmt::format(
      "{}next: encamp up {}{}  goes on from here\nnext: encamp down {}  takes it away\n", text,
      as_typed(options.site, from.secrets), options.name.empty() ? "" : " --name " + name, name);
}

// Only what is to be done can be done again.
void check_again(const std::vector<std::string>& again, const Plan& plan) {
  std::vector<std::string> due;
  for (const Action& action : plan.actions) {
    if (action.verb == Action::Verb::Create || action.verb == Action::Verb::Update)
      due.push_back(action.address());
  }
  for (const std::string& address : again) {
    if (std::ranges::find(due, address) != due.end())
      continue;
    const std::string near = nearest(address, due);
    throw Error(ErrorKind::NotFound,
                fmt::format("nothing is to be done at '{}' that could run again", address))
        .with_hint(near.empty() ? "encamp plan FILE" : fmt::format("did you mean \"{}\"?", near));
  }
}

}  // namespace

ExitCode run_up(Program& program, const UpOptions& options) {
  const Description description = read_good_description(program, options.site, options.name);
  const std::string& name = description.site->name;
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  Deployments deployments(state_directory(options.places.state));
  const std::unique_ptr<Journal> journal = deployments.open(name, "up " + options.site.file);
  const std::unique_ptr<Reservations> reservations = deployments.reservations();
  EndWhenEmpty end_when_empty(*journal, *reservations);
  std::optional<Waiting> waiting;
  if (!options.wait.empty())
    waiting.emplace(program, world.clock(), read_patience(options.wait));

  const Prepared prepared = prepare(program,
                                    {.description = description,
                                     .world = world,
                                     .hosts = hosts,
                                     .deployments = deployments,
                                     .journal = journal.get(),
                                     .reservations = reservations.get(),
                                     .waiting = waiting ? &*waiting : nullptr,
                                     .observe = options.observe,
                                     .parallel = options.parallel},
                                    Reserve::Yes);
  end_when_empty.set_id(prepared.facts.id);
  check_again(options.again, prepared.plan);
  if (!options.json)
    program.out().write(to_text(prepared.plan));
  if (prepared.plan.has_changes() && !may_go_on(program, "Do it?", options.yes)) {
    program.err().write("nothing was changed\n");
    return program.signals().received() != 0
               ? static_cast<ExitCode>(128 + program.signals().received())
               : ExitCode::Failed;
  }

  Workbench bench(program, world, deployments,
                  {.places = options.places,
                   .name = name,
                   .verb = "up",
                   .parallel = options.parallel,
                   .json = options.json});
  Environment environment = bench.environment(*journal);
  environment.again.assign(options.again.begin(), options.again.end());
  const Outcome outcome = up(prepared.plan, prepared.facts, environment);
  bench.finish();
  if (!options.json) {
    program.out().write("\n" + summary_of(outcome, {.color = program.out().has_color()}));
    if (const std::optional<Deployment> facts = journal->deployment(); outcome.succeeded() && facts)
      program.out().write(outputs_of(*facts));
    if (bench.report().is_used())
      program.out().write(fmt::format("evidence: {}\n", bench.report().folder().native()));
    program.out().write(next_steps(outcome, options, description));
  }
  return bench.leave(outcome);
}

}  // namespace encamp
