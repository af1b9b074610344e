#include "tests/integration/loopback_sshd.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <vector>

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/ssh_key.h"

namespace encamp::test {
namespace {

void write_private(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
}

/// The parent of a process; 0 when it is gone.
pid_t parent_of(const std::filesystem::path& process) {
  std::ifstream file(process / "status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("PPid:"))
      return static_cast<pid_t>(std::stol(line.substr(5)));
  }
  return 0;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos &&
        parent_of(entry.path()) == parent)
      children.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return children;
}

}  // namespace

std::filesystem::path make_test_directory() {
  std::string path = std::filesystem::temp_directory_path() / "encamp-ssh-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    throw std::runtime_error("cannot make a directory for the test");
  ::chmod(path.c_str(), 0755);
  return path;
}

int port_of(int socket) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  auto* raw = static_cast<sockaddr*>(static_cast<void*>(&address));
  if (::getsockname(socket, raw, &length) != 0)
    throw std::runtime_error("cannot see the port of a socket");
  return ntohs(address.sin_port);
}

int free_port() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  if (::listen(listener, 1) != 0)
    throw std::runtime_error("cannot find a free port");
  const int port = port_of(listener);
  ::close(listener);
  return port;
}

LoopbackSshd::LoopbackSshd()
    : directory_(make_test_directory()),
      host_key_(make_ssh_key()),
      user_key_(make_ssh_key()),
      port_(free_port()) {
  write_private(directory_ / "host_key", host_key_.private_key);
  write_private(directory_ / "authorized_keys", user_key_.public_key + "\n");
  std::ofstream(directory_ / "config")
      << "ListenAddress 127.0.0.1\nPort " << port_ << "\nHostKey "
      << (directory_ / "host_key").string() << "\nAuthorizedKeysFile "
      << (directory_ / "authorized_keys").string()
      << "\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\n"
         "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nLogLevel ERROR\n";
  start();
}

LoopbackSshd::~LoopbackSshd() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(directory_, ignored);
}

Login LoopbackSshd::login() const {
  return {.address = "127.0.0.1",
          .port = port_,
          .host_key = host_key_.public_key,
          .private_key = user_key_.private_key};
}

void LoopbackSshd::start() {
  std::filesystem::create_directories("/run/sshd");  // Where sshd confines itself.
  const std::string config = directory_ / "config";
  process_ = ::fork();
  if (process_ == 0) {
    ::execl("/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-e", "-f", config.c_str(), nullptr);
    ::_exit(127);
  }
}

void LoopbackSshd::stop() {
  if (process_ < 0)
    return;
  drop_connections();
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
  process_ = -1;
}

void LoopbackSshd::drop_connections() {
  for (const pid_t connection : children_of(process_))
    ::kill(connection, SIGKILL);
}

}  // namespace encamp::test
