#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "src/commands.h"
#include "src/deployments.h"
#include "src/terminal_summary.h"

namespace encamp {
namespace {

const Output& find_output(const Deployment& deployment, const std::string& key) {
  std::vector<std::string> names;
  for (const Output& output : deployment.outputs) {
    if (output.name == key)
      return output;
    names.push_back(output.name);
  }
  const std::string near = nearest(key, names);
  throw Error(ErrorKind::NotFound,
              fmt::format("'{}' has no output '{}'; {}", deployment.name, key,
                          names.empty() ? "it has none at all"
                                        : fmt::format("there are: {}", fmt::join(names, ", "))))
      .with_hint(near.empty() ? fmt::format("encamp output {}", deployment.name)
                              : fmt::format("did you mean '{}'?", near));
}

}  // namespace

ExitCode run_output(Program& program, const OutputOptions& options) {
  const Deployments deployments(state_directory(options.places.state));
  const std::optional<Deployment> deployment = deployments.read(options.name)->deployment();
  if (!deployment)
    throw Error(ErrorKind::NotFound, fmt::format("'{}' never stood", options.name))
        .with_hint("encamp status " + options.name);

  if (!options.key.empty()) {
    const Output& output = find_output(*deployment, options.key);
    if (const auto missing = deployment->unsettled.find("outputs." + output.name);
        missing != deployment->unsettled.end())
      throw Error(ErrorKind::NotFound, fmt::format("output '{}' is not known: {} is not there",
                                                   output.name, missing->second))
          .with_hint("encamp up " + deployment->description);
    program.out().write((options.json ? to_json(output.value) : plain_text(output.value)) + "\n");
    return ExitCode::Done;
  }
  if (!options.json) {
    program.out().write(outputs_of(*deployment));
    return ExitCode::Done;
  }
  Properties known;
  for (const Output& output : deployment->outputs) {
    if (!deployment->unsettled.contains("outputs." + output.name))
      known[output.name] = output.value;
  }
  program.out().write(to_json(known) + "\n");
  return ExitCode::Done;
}

}  // namespace encamp
