#include <algorithm>

#include <fmt/format.h>

#include "src/commands.h"
#include "src/local_doctor.h"
#include "src/local_libvirtd.h"
#include "src/terminal_text.h"
#include "src/workbench.h"

namespace encamp {
namespace {

using local::Finding;

std::string line_of(const Finding& finding, bool color) {
  const char* word = "ok";
  Color shade = Color::Green;
  if (finding.state == Finding::State::Note) {
    word = "note";
    shade = Color::Yellow;
  } else if (finding.state == Finding::State::Missing) {
    word = "missing";
    shade = Color::Red;
  }
  const std::string padding(8 - std::string(word).size(), ' ');
  std::string line = fmt::format("{}{}{}: {}\n", colored(word, shade, color), padding, finding.what,
                                 one_line(finding.found));
  if (!finding.remedy.empty())
    line += fmt::format("        next: {}\n", finding.remedy);
  return line;
}

// The hosts that are this machine: others are looked at from there.
std::vector<HostSettings> hosts_here(const HostsFile& file) {
  std::vector<HostSettings> here;
  for (const HostSettings& host : file.hosts) {
    const bool far = std::ranges::any_of(
        host.connect, [](const std::string& uri) { return uri.find("+ssh://") != uri.npos; });
    if (!far)
      here.push_back(host);
  }
  return here;
}

}  // namespace

ExitCode run_doctor(Program& program, const DoctorOptions& options) {
  const HostsFile hosts = find_hosts(program, options.places);
  bool missing = false;
  for (const HostSettings& host : hosts_here(hosts)) {
    if (options.start)
      program.out().write(local::start_libvirtd(host, program.installation().keeper) + "\n");
    for (const Finding& finding : local::examine(host)) {
      program.out().write(line_of(finding, program.out().has_color()));
      missing = missing || finding.state == Finding::State::Missing;
    }
  }
  return missing ? ExitCode::Failed : ExitCode::Done;
}

}  // namespace encamp
