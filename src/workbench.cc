#include "src/workbench.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "src/description.h"
#include "src/local_loader.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

std::string stamp(Clock& clock) {
  std::string text = utc_text(clock.wall_time());
  std::erase_if(text, [](char c) { return c == ':' || c == '-'; });
  return text;  // 20261126T141344Z
}

fs::path report_folder(const WorkbenchOptions& options, const Deployments& deployments,
                       Clock& clock) {
  if (!options.report.empty())
    return fs::absolute(options.report);
  return deployments.state() / "evidence" / (options.name + "-" + stamp(clock));
}

HostsFile configured_hosts(Program& program, const PlaceOptions& places) {
  const fs::path file = hosts_file(places.hosts);
  if (file.empty())
    return this_machine();
  constexpr std::size_t kLongest = 1 << 20;
  Diagnostics diagnostics;
  HostsFile hosts = read_hosts(
      std::make_shared<const SourceFile>(file.native(), read_text(file, kLongest)), diagnostics);
  if (diagnostics.has_errors()) {
    print_diagnostics(program, diagnostics, DiagnosticFormat::Text);
    throw WrongInput();
  }
  return hosts;
}

}  // namespace

Workbench::Workbench(Program& program, LocalWorld& world, Deployments& deployments,
                     const WorkbenchOptions& options)
    : program_(program),
      world_(world),
      parallel_(options.parallel),
      display_(
          make_display(display_kind(program.out(), options.json), program.out(), world.clock())),
      log_(deployments.logs(options.name) / (stamp(world.clock()) + "-" + options.verb + ".log"),
           *display_, world.clock()),
      report_(report_folder(options, deployments, world.clock())),
      connections_(world),
      cleanup_connections_(world) {
  program_.signals().on_first([this] {
    log_.on({.kind = Event::Kind::Note,
             .text = "stopping: nothing new is started, what runs may end; once more leaves at "
                     "once"});
  });
}

Workbench::~Workbench() {
  program_.signals().on_first({});
}

Environment Workbench::environment(Journal& journal) {
  return make(journal, connections_, program_.signals().stop());
}

Environment Workbench::cleanup_environment(Journal& journal) {
  return make(journal, cleanup_connections_, std::stop_token());
}

Environment Workbench::make(Journal& journal, Connections& connections, std::stop_token stop) {
  Environment environment{.world = world_,
                          .journal = journal,
                          .registry = program_.registry(),
                          .executor = executor_,
                          .events = log_,
                          .connections = connections,
                          .evidence = report_,
                          .authorized_keys = users_keys(),
                          .stop = std::move(stop)};
  environment.bounds.heavy =
      std::min(environment.bounds.heavy, static_cast<int>(std::thread::hardware_concurrency()) + 2);
  if (parallel_ > 0)
    environment.bounds = {.in_all = parallel_, .per_host = parallel_, .heavy = parallel_};
  return environment;
}

void Workbench::finish() {
  display_->finish();
}

ExitCode Workbench::leave(const Outcome& outcome) {
  const int code = exit_code(outcome, program_.signals().received());
  if (outcome.abandoned > 0)
    std::_Exit(code);  // Their threads use what would be taken away here.
  return static_cast<ExitCode>(code);
}

HostsFile find_hosts(Program& program, const PlaceOptions& places) {
  HostsFile hosts = configured_hosts(program, places);
  for (HostSettings& host : hosts.hosts)
    host.state = state_directory(places.state).native();
  return hosts;
}

std::vector<std::string> users_keys() {
  std::vector<std::string> keys;
  const char* home = std::getenv("HOME");
  if (home == nullptr)
    return keys;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(fs::path(home) / ".ssh", error)) {
    if (entry.path().extension() != ".pub")
      continue;
    std::ifstream file(entry.path());
    std::string line;
    if (std::getline(file, line) && (line.starts_with("ssh-") || line.starts_with("ecdsa-")))
      keys.push_back(line);
  }
  std::ranges::sort(keys);
  return keys;
}

}  // namespace encamp
