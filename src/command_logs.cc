#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "engine/world/printable.h"
#include "src/commands.h"
#include "src/deployments.h"
#include "src/entry.h"
#include "src/event_log.h"
#include "src/standing.h"
#include "src/terminal_lines.h"
#include "src/terminal_text.h"
#include "src/workbench.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> sorted_files(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    files.push_back(entry.path());
  std::ranges::sort(files);  // Their names begin with the time.
  return files;
}

std::string tail(const std::string& text, int lines) {
  const std::string last = last_lines(text, lines);
  return last.empty() ? "" : last + "\n";
}

// What encamp did, run by run.
std::string logs_of_runs(const fs::path& folder, const LineStyle& style) {
  std::string out;
  for (const fs::path& file : sorted_files(folder)) {
    out += fmt::format("== {}\n", file.stem().native());
    for (const LoggedEvent& logged : read_log(file)) {
      const std::string lines = lines_for(logged.event, style);
      if (!lines.empty())
        out += logged.time + " " + lines;
    }
  }
  return out;
}

// The node's own journal; its console when nobody can log in.
std::string logs_of_node(Program& program, const LogsOptions& options, Journal& journal) {
  const std::vector<Record> records = journal.records();
  const Record& node = find_node(records, options.name, options.node);
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  constexpr std::chrono::seconds kPatience{10};
  try {
    const std::unique_ptr<Guest> guest = world.connect(
        login_of(journal, node), world.clock().now() + kPatience, program.signals().stop());
    const CommandResult result =
        guest->probe({.text = fmt::format("exec journalctl --no-pager -n {}", options.lines)});
    return printable(result.output + result.errors);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::Interrupted)
      throw;
    program.report(error);
  }
  constexpr std::size_t kTail = 64 * 1024;
  for (const Claim& claim : node.claims) {
    if (claim.kind == Claim::Kind::Guest)
      return "its console:\n" +
             tail(printable(world.host(node.host).console_tail(claim, kTail)), options.lines);
  }
  return "";
}

}  // namespace

ExitCode run_logs(Program& program, const LogsOptions& options) {
  const Deployments deployments(state_directory(options.places.state));
  const std::unique_ptr<Journal> journal = deployments.read(options.name);
  if (!options.node.empty()) {
    program.out().write(logs_of_node(program, options, *journal));
    return ExitCode::Done;
  }
  program.out().write(
      tail(logs_of_runs(deployments.logs(options.name), {.color = program.out().has_color()}),
           options.lines));
  return ExitCode::Done;
}

}  // namespace encamp
