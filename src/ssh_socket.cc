#include "src/ssh_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/error.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{4};
constexpr milliseconds kFirstTry{40};
constexpr milliseconds kLongestTry{1000};

void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested())
    throw Error(ErrorKind::Interrupted, "interrupted");
}

/// Waits for `events`; false when they did not come until `deadline`.
bool wait_for(int descriptor, short events, Clock::Instant deadline, const std::stop_token& stop) {
  while (true) {
    throw_if_stopped(stop);
    const milliseconds remaining = time_left(deadline);
    pollfd waited{descriptor, events, 0};
    if (::poll(&waited, 1, static_cast<int>(std::min(remaining, kSlice).count())) > 0)
      return true;
    if (remaining.count() == 0)
      return false;
  }
}

std::string error_text(int code) {
  return std::generic_category().message(code);
}

sockaddr_storage resolve(const std::string& address, int port, socklen_t& length) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0)
    throw Error(ErrorKind::Unavailable,
                fmt::format("cannot find the address of '{}': {}", address, gai_strerror(failed)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, ::freeaddrinfo);
  sockaddr_storage result{};
  std::memcpy(&result, found->ai_addr, found->ai_addrlen);
  length = found->ai_addrlen;
  return result;
}

void set_option(int descriptor, int level, int option, int value) {
  ::setsockopt(descriptor, level, option, &value, sizeof value);
}

/// A guest that vanished (destroyed, its link gone) is noticed after a quarter of a minute, also
/// while we only wait for it.
void watch_peer(int descriptor) {
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, 5);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, 3);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, 15'000);
}

/// One try; an empty socket and `reason` when it failed.
Socket try_port(const sockaddr_storage& peer, socklen_t length, Clock::Instant deadline,
                const std::stop_token& stop, std::string& reason) {
  Socket socket(::socket(peer.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket)
    throw Error(ErrorKind::Failed, "cannot make a socket: " + error_text(errno));
  set_option(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, 1);
  // sockaddr_storage is made to be looked at as any of its family.
  const auto* raw = static_cast<const sockaddr*>(static_cast<const void*>(&peer));
  int code = ::connect(socket.descriptor(), raw, length) == 0 ? 0 : errno;
  if (code == EINPROGRESS) {
    if (!wait_for(socket.descriptor(), POLLOUT, deadline, stop)) {
      reason = "no answer";
      return Socket();
    }
    socklen_t size = sizeof code;
    ::getsockopt(socket.descriptor(), SOL_SOCKET, SO_ERROR, &code, &size);
  }
  if (code != 0) {
    reason = error_text(code);
    return Socket();
  }
  watch_peer(socket.descriptor());
  return socket;
}

/// Whether the server has begun to speak; false when it hung up.
bool has_banner(int descriptor) {
  char byte = 0;
  return ::recv(descriptor, &byte, 1, MSG_PEEK) == 1;
}

}  // namespace

milliseconds time_left(Clock::Instant deadline) {
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(
                                       deadline - std::chrono::steady_clock::now()));
}

Socket& Socket::operator=(Socket&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Socket::~Socket() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

int Socket::release() {
  return std::exchange(descriptor_, -1);
}

Socket connect_to_server(const std::string& address, int port, Clock::Instant deadline,
                         std::stop_token stop) {
  socklen_t length = 0;
  const sockaddr_storage peer = resolve(address, port, length);
  milliseconds patience = kFirstTry;
  std::string reason = "no answer";
  bool port_was_reached = false;
  while (true) {
    const Clock::Instant try_until =
        std::min<Clock::Instant>(deadline, std::chrono::steady_clock::now() + patience);
    Socket socket = try_port(peer, length, try_until, stop, reason);
    if (socket) {
      port_was_reached = true;
      if (!wait_for(socket.descriptor(), POLLIN, deadline, stop))
        reason = "it says nothing";
      else if (has_banner(socket.descriptor()))
        return socket;
      else
        reason = "it hung up";
    }
    if (time_left(deadline).count() == 0)
      break;
    patience = std::min(patience * 3 / 2, kLongestTry);
    throw_if_stopped(stop);
    ::poll(nullptr, 0, static_cast<int>(std::min(kPause, time_left(deadline)).count()));
  }
  const std::string what =
      port_was_reached ? fmt::format("the SSH server at {}:{} did not answer", address, port)
                       : fmt::format("port {} of {} was not reached", port, address);
  throw Error(ErrorKind::Timeout, fmt::format("{} in time: {}", what, reason));
}

}  // namespace encamp
