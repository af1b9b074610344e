#include <cerrno>
#include <csignal>
#include <system_error>

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/commands.h"
#include "src/deployments.h"
#include "src/entry.h"
#include "src/private_folder.h"
#include "src/standing.h"

namespace encamp {
namespace {

std::vector<std::string> ssh_arguments(const SshOptions& options, const Login& login,
                                       const std::string& key, const std::string& known_hosts) {
  std::vector<std::string> arguments = {"ssh",        "-F",
                                        "none",  // Nothing of the user's configuration takes part.
                                        "-o",         "IdentityFile=" + key,
                                        "-o",         "IdentitiesOnly=yes",
                                        "-o",         "UserKnownHostsFile=" + known_hosts,
                                        "-o",         "GlobalKnownHostsFile=/dev/null",
                                        "-o",         "StrictHostKeyChecking=yes",
                                        "-o",         "HostKeyAlgorithms=ssh-ed25519",
                                        "-o",         "LogLevel=ERROR",
                                        "-o",         "ConnectTimeout=10",
                                        "-p",         std::to_string(login.port),
                                        "-l",         login.user,
                                        login.address};
  arguments.insert(arguments.end(), options.command.begin(), options.command.end());
  return arguments;
}

// Runs ssh and waits for it; returns its exit code. The terminal's signals are ssh's.
int run_and_wait(std::vector<std::string> arguments) {
  std::vector<char*> pointers;
  for (std::string& argument : arguments)
    pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  std::signal(SIGINT, SIG_IGN);
  const pid_t child = ::fork();
  if (child < 0)
    throw Error(ErrorKind::Failed,
                fmt::format("cannot start a process: {}", std::generic_category().message(errno)));
  if (child == 0) {
    std::signal(SIGINT, SIG_DFL);
    ::execvp("ssh", pointers.data());
    _exit(errno == ENOENT ? 127 : 126);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ExitCode run_ssh(Program&, const SshOptions& options) {
  const Deployments deployments(state_directory(options.places.state));
  const std::unique_ptr<Journal> journal = deployments.read(options.name);
  const std::vector<Record> records = journal->records();
  const Login login = login_of(*journal, find_node(records, options.name, options.node));
  require_program("ssh", "openssh-client");

  const PrivateFolder folder;
  const std::string key = folder.write("key", login.private_key);
  const std::string known_hosts =
      folder.write("known_hosts", fmt::format("{} {}\n", login.address, login.host_key));
  return static_cast<ExitCode>(run_and_wait(ssh_arguments(options, login, key, known_hosts)));
}

}  // namespace encamp
