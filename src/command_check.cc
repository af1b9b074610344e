#include <fmt/format.h>

#include "src/commands.h"
#include "src/description.h"
#include "src/terminal_text.h"

namespace encamp {

ExitCode run_check(Program& program, const CheckOptions& options) {
  const Description description = read_description(program, options.site, "");
  print_diagnostics(program, description.diagnostics,
                    options.json ? DiagnosticFormat::Json : DiagnosticFormat::Text);
  if (!description.is_good())
    return ExitCode::Wrong;
  if (!options.json) {
    const Site& site = *description.site;
    program.out().write(fmt::format(
        "{} is good: site '{}', {}, {}, {}\n", options.site.file, site.name,
        counted(std::ssize(description.graph->resources), "resource"),
        counted(std::ssize(site.tests), "test"), counted(std::ssize(site.outputs), "output")));
  }
  return ExitCode::Done;
}

}  // namespace encamp
