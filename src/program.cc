#include "src/program.h"

#include <unistd.h>

#include "src/plugins.h"
#include "src/terminal_lines.h"

namespace encamp {

Program::Program() : out_(STDOUT_FILENO), err_(STDERR_FILENO), installation_(find_installation()) {}

Program::~Program() = default;

const Registry& Program::registry() {
  if (registry_ == nullptr) {
    auto registry = std::make_unique<Registry>();
    load_plugins(installation_.components, installation_.program, *registry);
    registry_ = std::move(registry);
  }
  return *registry_;
}

void Program::report(const Error& error) {
  err_.write(lines_for(error, {.color = err_.has_color()}));
}

}  // namespace encamp
