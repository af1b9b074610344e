#include "src/question.h"

#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace encamp {
namespace {

// A line from standard input; empty when it ends or the user interrupts.
std::string read_answer(Program& program) {
  std::string answer;
  while (program.signals().received() == 0) {
    pollfd ready{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    const int found = ::poll(&ready, 1, 100);
    if (found == 0 || (found < 0 && errno == EINTR))
      continue;
    char c = 0;
    if (found < 0 || ::read(STDIN_FILENO, &c, 1) != 1 || c == '\n')
      break;
    answer += c;
  }
  return program.signals().received() == 0 ? answer : "";
}

}  // namespace

bool may_go_on(Program& program, const std::string& question, bool yes) {
  if (yes || ::isatty(STDIN_FILENO) != 1 || !program.err().is_terminal())
    return true;
  program.err().write(question + " [y/N] ");
  const std::string answer = read_answer(program);
  return answer == "y" || answer == "Y" || answer == "yes";
}

}  // namespace encamp
