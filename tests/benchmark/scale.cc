// Parts of `scripts/benchmark scale`, each a process of its own, so that peaks of memory are its
// own.
//
//   scale make NODES FOLDER    site.yaml, the same written out (full.yaml), a journal with every
//   row
//                              present, and build.ninja with the same vertices and edges
//   scale plan FOLDER          text to plan          scale again FOLDER    with the full journal
//   scale yaml FOLDER          yaml-cpp loads full.yaml
//
// Each but `make` prints `SECONDS PEAK-MIB COUNT`, seconds of the processor.
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include <fmt/format.h>
#include <sys/resource.h>
#include <yaml-cpp/yaml.h>

#include "engine/bind/bind.h"
#include "engine/description/read.h"
#include "engine/description/resolve.h"
#include "engine/description/site_print.h"
#include "engine/graph/compile.h"
#include "engine/plan/plan.h"
#include "engine/state/journal.h"
#include "src/installation.h"
#include "src/local_loader.h"
#include "src/plugins.h"
#include "src/sqlite_journal.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDeployment = "11111111-2222-4333-8444-555555555555";

std::string site_text(int nodes) {
  std::string text = fmt::format(
      "encamp: 1\nsite: scale\nnetworks: {{lan: {{subnet: 10.0.0.0/16}}}}\n"
      "images: {{debian: {{debian: bookworm}}}}\n"
      "prototypes:\n"
      "  worker:\n"
      "    memory: 64 MiB\n"
      "    disk: 1 GiB\n"
      "    attributes:\n"
      "      head: {{type: node, required: true}}\n"
      "    software:\n"
      "      - package: [munge, slurmd]\n"
      "      - directory: /var/spool/slurm\n"
      "      - file: /etc/slurm/head\n"
      "        content: ${{{{ node.head.name }}}} at ${{{{ node.head.address }}}}\n");
  for (int i = 1; i <= 15; ++i)
    text += fmt::format(
        "      - file: /etc/worker.d/{0}.conf\n        content: |\n"
        "          # part {0} of ${{{{ node.name }}}}\n          Part{0}=${{{{ index }}}}\n"
        "        mode: \"0640\"\n",
        i);
  text += fmt::format(
      "      - command: slurmd -C > /etc/slurm/hardware\n        creates: /etc/slurm/hardware\n"
      "      - service: slurmd\n        restarts_with: [/etc/worker.d/, /etc/slurm/head]\n"
      "nodes:\n"
      "  head:\n"
      "    memory: 64 MiB\n"
      "    disk: 1 GiB\n"
      "    software:\n"
      "      - file: /etc/slurm/nodes\n"
      "        content: |\n"
      "          {{% for n in nodes.worker %}}\n"
      "          NodeName=${{{{ n.name }}}} CPUs=${{{{ n.cpus }}}}\n"
      "          {{% end %}}\n"
      "  worker: {{count: {}, extends: worker, head: head}}\n",
      nodes);
  return text;
}

Registry components() {
  Registry registry;
  const Installation installation = find_installation();
  // From build/<preset>/tests/benchmark/ to the components beside the program.
  const fs::path build = installation.program.parent_path().parent_path().parent_path();
  load_plugins({build / "components"}, installation.program, registry);
  return registry;
}

Plan plan_of(const fs::path& folder, const Registry& registry, std::vector<Record> records,
             Graph* graph = nullptr) {
  const fs::path file = folder / "site.yaml";
  Diagnostics diagnostics;
  const std::optional<Tree> tree = read_tree(
      std::make_shared<const SourceFile>(file.native(), read_text(file, 1U << 20U)), diagnostics);
  const LocalLoader loader(file, {});
  auto site = [&]() -> std::optional<Site> {
    return tree ? resolve(*tree, registry, loader, {}, diagnostics) : std::nullopt;
  }();
  if (!site)
    throw Error(ErrorKind::Failed, render(diagnostics.all().front()));
  Graph compiled = compile_from(*site, registry, diagnostics);
  const HostOffer host{"here",
                       {.containers = true,
                        .memory = Bytes{std::int64_t{1} << 50},
                        .disk = Bytes{std::int64_t{1} << 50}}};
  if (graph != nullptr)
    *graph = compiled;
  BoundGraph bound =
      bind(std::move(compiled), {.deployment = kDeployment, .records = records, .hosts = {host}},
           diagnostics);
  if (diagnostics.has_errors())
    throw Error(ErrorKind::Failed, render(diagnostics.all().front()));
  return make_plan(std::move(bound), registry, std::move(records));
}

/// As if all of it had been made: what is late gets some text.
Record present(const Action& action, const Plan& plan, const Registry& registry) {
  const Lookup lookup = [](const Address&, const std::string&) { return Value("made"); };
  Record record{.address = action.address(),
                .component = action.resource->component,
                .life = Life::Present,
                .host = action.host,
                .properties = settle(action.properties, lookup)};
  for (const AttributeSchema& attribute : registry.get(record.component).schema().attributes)
    record.attributes[attribute.name] = "made";
  for (const std::size_t need : action.needs)
    record.needs.push_back(plan.actions[need].address());
  return record;
}

void make(int nodes, const fs::path& folder, const Registry& registry) {
  fs::create_directories(folder);
  std::ofstream(folder / "site.yaml") << site_text(nodes);
  Graph graph;
  const Plan plan = plan_of(folder, registry, {}, &graph);

  Diagnostics diagnostics;
  const Tree tree =
      *read_tree(std::make_shared<const SourceFile>("site.yaml", site_text(nodes)), diagnostics);
  const Resolved resolved =
      *resolve_with_outline(tree, registry, LocalLoader(folder / "site.yaml", {}), {}, diagnostics);
  std::ofstream(folder / "full.yaml")
      << to_description(resolved.site, resolved.outline, registry, ShowOrigins::No);

  Batch batch;
  for (const Action& action : plan.actions)
    batch.put.push_back(present(action, plan, registry));
  fs::remove_all(folder / "journal");
  open_journal(folder / "journal", {.command = "scale", .hosts_file = {}})->commit(batch);

  // One stamp for each vertex, made in the order of the graph, so that each is as new as what it
  // needs. The commands do nothing but get into ninja's log when it is run once.
  fs::create_directories(folder / "stamps");
  std::ofstream ninja(folder / "build.ninja");
  ninja << "rule touch\n  command = : $out\n";
  const auto needs = graph.needs();
  for (const Graph::Vertex v : graph.order) {
    std::ofstream(folder / "stamps" / std::to_string(v));
    ninja << "build stamps/" << v << ": touch";
    for (const Graph::Vertex need : needs[v])
      ninja << (need == needs[v].front() ? " | stamps/" : " stamps/") << need;
    ninja << "\n";
  }
}

// Of the process, which has one thread: other work on the machine does not count.
std::chrono::nanoseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

void report(std::chrono::nanoseconds began, std::size_t count) {
  const std::chrono::duration<double> took = processor_time() - began;
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::cout << fmt::format("{:.4f} {} {}\n", took.count(), usage.ru_maxrss / 1024, count);
}

int run(const std::vector<std::string>& arguments) {
  const std::string& part = arguments.at(1);
  const fs::path folder = arguments.back();
  if (part == "yaml") {
    const auto began = processor_time();
    const YAML::Node node = YAML::LoadFile((folder / "full.yaml").native());
    report(began, node["nodes"].size());
    return 0;
  }
  const Registry registry = components();
  if (part == "make") {
    make(std::stoi(arguments.at(2)), folder, registry);
    return 0;
  }
  const auto began = processor_time();
  std::vector<Record> records;
  if (part == "again")
    records = read_journal(folder / "journal")->records();
  const Plan plan = plan_of(folder, registry, std::move(records));
  report(began, plan.actions.size());
  if (part == "again" && plan.has_changes()) {
    for (const Action& action : plan.actions) {
      if (action.verb != Action::Verb::Keep) {
        std::cerr << fmt::format("{} is not kept: {}\n", action.address(),
                                 fmt::join(action.reasons, ", "));
        return 1;
      }
    }
  }
  return 0;
}

}  // namespace
}  // namespace encamp

int main(int count, char** arguments) {
  try {
    return encamp::run({arguments, arguments + count});
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
