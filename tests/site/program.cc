#include "tests/site/program.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace encamp::test {
namespace {

namespace fs = std::filesystem;
using std::chrono::steady_clock;

// Where the output of a started process goes, by process.
std::map<pid_t, fs::path>& outputs() {
  static std::map<pid_t, fs::path> paths;
  return paths;
}

pid_t spawn(const std::vector<std::string>& arguments) {
  std::string pattern = (fs::temp_directory_path() / "encamp-test-output.XXXXXX").string();
  const int output = mkstemp(pattern.data());
  if (output < 0)
    throw std::runtime_error("no temporary file");
  std::vector<char*> argv;
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t process = fork();
  if (process == 0) {
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(output, 1);
    dup2(output, 2);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(output);
  outputs()[process] = pattern;
  return process;
}

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Result Program::finish(pid_t process, std::chrono::seconds deadline) {
  const auto end = steady_clock::now() + deadline;
  int status = 0;
  bool killed = false;
  while (waitpid(process, &status, WNOHANG) == 0) {
    if (steady_clock::now() > end && !killed) {
      kill(process, SIGKILL);
      killed = true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  const fs::path path = outputs().at(process);
  Result result{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), slurp(path)};
  fs::remove(path);
  outputs().erase(process);
  if (killed)
    ADD_FAILURE() << "did not end in " << deadline.count() << " s:\n" << result.output;
  return result;
}

Result run(const std::vector<std::string>& arguments, std::chrono::seconds deadline) {
  return Program::finish(spawn(arguments), deadline);
}

Program::Program() {
  std::string pattern = (fs::temp_directory_path() / "encamp-test-state.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no temporary directory");
  state_ = pattern;
}

Program::~Program() {
  const fs::path deployments = state_ / "deployments";
  if (fs::exists(deployments)) {
    for (const auto& deployment : fs::directory_iterator(deployments))
      (*this)({"down", deployment.path().filename().string(), "--yes"});
  }
  std::error_code ignored;
  fs::remove_all(state_, ignored);
}

fs::path Program::write(const std::string& name, const std::string& text) const {
  const fs::path path = state_ / name;
  std::ofstream(path) << text;
  return path;
}

pid_t Program::start(std::vector<std::string> arguments) const {
  if (std::ranges::find(arguments, "--state") == arguments.end())
    arguments.insert(arguments.begin() + 1, {"--state", state_.string()});
  arguments.insert(arguments.begin(), ENCAMP_PROGRAM);
  return spawn(arguments);
}

Result Program::operator()(std::vector<std::string> arguments,
                           std::chrono::seconds deadline) const {
  return finish(start(std::move(arguments)), deadline);
}

fs::path example(const std::string& name) {
  return fs::path(ENCAMP_SOURCE_DIR) / "examples" / name;
}

}  // namespace encamp::test
