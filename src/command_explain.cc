#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "src/commands.h"
#include "src/explanations.h"

namespace encamp {

ExitCode run_explain(Program& program, const ExplainOptions& options) {
  std::vector<std::string> codes;
  for (const Explanation& explanation : explanations()) {
    if (options.code.empty())
      program.out().write(fmt::format("{:24} {}\n", explanation.code, explanation.summary));
    codes.push_back(explanation.code);
  }
  if (options.code.empty())
    return ExitCode::Done;
  const Explanation* explanation = find_explanation(options.code);
  if (explanation == nullptr) {
    const std::string near = nearest(options.code, codes);
    throw Error(ErrorKind::NotFound, fmt::format("no diagnostic has the code '{}'", options.code))
        .with_hint(near.empty() ? "encamp explain lists all codes"
                                : fmt::format("encamp explain {}", near));
  }
  program.out().write(to_text(*explanation));
  return ExitCode::Done;
}

}  // namespace encamp
