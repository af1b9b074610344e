#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "src/commands.h"
#include "src/component_page.h"
#include "src/json_schema.h"

namespace encamp {

ExitCode run_component(Program& program, const ComponentOptions& options) {
  const Registry& registry = program.registry();
  if (options.name.empty()) {
    for (const Component* component : registry.all()) {
      const Schema& schema = component->schema();
      program.out().write(
          fmt::format("{:12} {:10} {}\n", schema.component, schema.section, schema.about));
    }
    return ExitCode::Done;
  }
  const Component* component = registry.find(options.name);
  if (component == nullptr) {
    const std::string near = nearest(options.name, registry.names());
    throw Error(ErrorKind::NotFound, fmt::format("there is no component '{}'", options.name))
        .with_hint(near.empty() ? "encamp component list"
                                : fmt::format("encamp component show {}", near));
  }
  program.out().write(component_page(component->schema()));
  return ExitCode::Done;
}

ExitCode run_schema(Program& program, const SchemaOptions&) {
  program.out().write(json_schema(program.registry()));
  return ExitCode::Done;
}

}  // namespace encamp
