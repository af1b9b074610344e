#include <fmt/format.h>

#include "engine/bind/print.h"
#include "engine/graph/print.h"
#include "engine/plan/print.h"
#include "src/commands.h"
#include "src/local_loader.h"
#include "src/local_picture.h"
#include "src/preparing.h"
#include "src/tree_print.h"
#include "src/workbench.h"

namespace encamp {
namespace {

bool is_picture(const GraphOptions& options) {
  return options.format == "dot" || options.format == "svg";
}

FoldedGraph shown(const Graph& graph, const GraphOptions& options) {
  return options.expand ? unfolded(graph) : fold_copies(graph);
}

std::string picture(const Graph& graph, const GraphOptions& options) {
  const std::string dot = to_dot(shown(graph, options));
  return options.format == "dot" ? dot : to_svg(dot);
}

// Stages that need hosts: what bind chooses and plan decides for the deployment.
std::string print_prepared(Program& program, const GraphOptions& options,
                           const Description& description) {
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
                                     .reservations = reservations.get()},
                                    Reserve::No);
  if (is_picture(options))
    return picture(prepared.plan.bound->graph, options);
  if (options.stage == "bind")
    return to_json(*prepared.plan.bound) + "\n";
  return options.format == "json" ? to_json(prepared.plan) + "\n" : to_text(prepared.plan);
}

// Resolved once more: the graph has taken the resources.
std::string site_text(Program& program, const GraphOptions& options,
                      const Description& description) {
  const LocalLoader loader(options.site.file, program.installation().data / "descriptions");
  Diagnostics told;
  return to_json(
      resolve_in_part(*description.tree, program.registry(), loader, description.options, told));
}

}  // namespace

ExitCode run_graph(Program& program, const GraphOptions& options) {
  if (is_picture(options) && (options.stage == "read" || options.stage == "resolve"))
    throw Error(ErrorKind::Failed, "a stage before 'compile' is no graph")
        .with_hint(fmt::format("encamp graph FILE --stage compile --format {}", options.format));
  const Description description = read_description(program, options.site, options.name);
  std::string text;
  if (options.stage == "read" && description.tree)
    text = options.format == "json" ? to_json(*description.tree) : to_text(*description.tree);
  else if (options.stage == "resolve" && description.site)
    text = site_text(program, options, description);
  else if (options.stage == "compile" && description.graph)
    text = is_picture(options)        ? picture(*description.graph, options)
           : options.format == "json" ? to_json(*description.graph)
                                      : to_text(shown(*description.graph, options));
  else if (description.is_good())
    text = print_prepared(program, options, description);
  if (!text.empty())
    program.out().write(text.back() == '\n' ? text : text + "\n");
  print_diagnostics(program, description.diagnostics, DiagnosticFormat::Text);
  return description.diagnostics.has_errors() ? ExitCode::Wrong : ExitCode::Done;
}

}  // namespace encamp
