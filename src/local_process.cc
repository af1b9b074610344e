#include "src/local_process.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/local_file.h"

namespace encamp {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!added.contains(text.substr(0, text.find('='))))
      all.push_back(text);
  }
  for (const auto& [name, value] : added)
    all.push_back(name + "=" + value);
  return all;
}

// Between fork and exec only what is safe there: other threads may have held any lock.
[[noreturn]] void become(char* const* arguments, char* const* environment, int output,
                         pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent)
    _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  dup2(null, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execvpe(arguments[0], arguments, environment);
  _exit(127);
}

// Passes on whole lines, keeps the end of all.
class ToolOutput {
 public:
  explicit ToolOutput(const Tool& tool) : tool_(tool) {}

  void add(std::string_view text) {
    constexpr std::size_t kKept = 64 << 10;
    kept_ += text;
    if (kept_.size() > 2 * kKept)
      kept_.erase(0, kept_.size() - kKept);
    if (!tool_.on_line)
      return;
    line_ += text;
    for (std::size_t end = line_.find('\n'); end != std::string::npos; end = line_.find('\n')) {
      tool_.on_line(line_.substr(0, end));
      line_.erase(0, end + 1);
    }
  }

  std::string take() { return std::move(kept_); }

 private:
  const Tool& tool_;
  std::string kept_;
  std::string line_;
};

// Returns false when the time was over first.
bool read_all(int from, ToolOutput& output, SteadyClock::time_point deadline) {
  std::array<char, 16384> buffer{};
  while (true) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    pollfd ready{from, POLLIN, 0};
    const int polled =
        left.count() <= 0
            ? 0
            : poll(&ready, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 1000)));
    if (polled == 0 && SteadyClock::now() >= deadline)
      return false;
    if (polled <= 0)
      continue;
    const ssize_t count = read(from, buffer.data(), buffer.size());
    if (count == 0)
      return true;
    if (count > 0)
      output.add({buffer.data(), static_cast<std::size_t>(count)});
  }
}

}  // namespace

ToolResult run_tool(const Tool& tool) {
  std::vector<std::string> arguments = tool.arguments;
  std::vector<std::string> environment = environment_with(tool.environment);
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> environment_pointers = pointers(environment);
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error(ErrorKind::Unavailable, "cannot make a pipe");
  const Descriptor reading(ends[0]);
  Descriptor writing(ends[1]);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0)
    become(argument_pointers.data(), environment_pointers.data(), writing.get(), parent);
  if (child < 0)
    throw Error(ErrorKind::Unavailable, fmt::format("cannot run '{}': {}", arguments[0],
                                                    std::system_category().message(errno)));
  setpgid(child, child);
  writing = Descriptor();

  ToolResult result;
  ToolOutput output(tool);
  result.timed_out = !read_all(reading.get(), output, SteadyClock::now() + tool.timeout);
  if (result.timed_out)
    kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  result.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.output = output.take();
  return result;
}

}  // namespace encamp
