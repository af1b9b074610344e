#include "engine/description/site_print.h"
#include "src/commands.h"
#include "src/description.h"
#include "src/local_loader.h"

namespace encamp {

ExitCode run_show(Program& program, const ShowOptions& options) {
  Description description = read_good_description(program, options.site, options.name);
  const LocalLoader loader(options.site.file, program.installation().data / "descriptions",
                           options.site.allowed);
  const std::optional<Resolved> resolved = resolve_with_outline(
      *description.tree, program.registry(), loader, description.options, description.diagnostics);
  program.out().write(to_description(resolved->site, resolved->outline, program.registry(),
                                     options.origins ? ShowOrigins::Yes : ShowOrigins::No));
  return ExitCode::Done;
}

}  // namespace encamp
