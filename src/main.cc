#include <exception>

#include "engine/error.h"
#include "src/command_line.h"
#include "src/program.h"

namespace {

using encamp::ErrorKind;
using encamp::ExitCode;

ExitCode code_of(const encamp::Error& error, int signal) {
  if (signal != 0)
    return static_cast<ExitCode>(128 + signal);
  if (error.kind() == ErrorKind::NotFound)  // A deployment, node or output that the user named.
    return ExitCode::Wrong;
  return error.kind() == ErrorKind::Busy ? ExitCode::Busy : ExitCode::Failed;
}

}  // namespace

int main(int count, char** arguments) {
  encamp::Program program;
  try {
    return static_cast<int>(encamp::run_command_line(program, count, arguments));
  } catch (const encamp::WrongInput&) {
    return static_cast<int>(ExitCode::Wrong);
  } catch (const encamp::Error& error) {
    program.report(error);
    return static_cast<int>(code_of(error, program.signals().received()));
  } catch (const std::exception& error) {
    program.report(encamp::Error(ErrorKind::Failed, error.what()));
    return static_cast<int>(ExitCode::Failed);
  }
}
