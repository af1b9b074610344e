// The command line: which commands and options there are, and their help texts.
#pragma once

#include "src/exit_code.h"
#include "src/program.h"

namespace encamp {

/// Parses and runs. What is wrong with the command line is said on standard error with the nearest
/// word that would be right, and gives ExitCode::Wrong.
ExitCode run_command_line(Program& program, int count, const char* const* arguments);

}  // namespace encamp
