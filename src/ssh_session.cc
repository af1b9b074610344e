#include "src/ssh_session.h"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>
#include <poll.h>

#include "engine/error.h"
#include "engine/world/printable.h"
#include "src/ssh_handle.h"
#include "src/ssh_key.h"
#include "src/ssh_socket.h"

namespace encamp {
namespace {

using std::chrono::milliseconds;

/// A handshake with curve25519 takes a third less of both sides' CPU than libssh's default.
constexpr const char* kKeyExchange = "curve25519-sha256,curve25519-sha256@libssh.org";
constexpr const char* kHostKey = "ssh-ed25519";
constexpr const char* kCiphers = "aes128-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr";
constexpr const char* kMacs = "hmac-sha2-256-etm@openssh.com,hmac-sha2-256";

int slice_until(Clock::Instant deadline) {
  return static_cast<int>(std::min(kSlice, time_left(deadline)).count());
}

std::string last_error(ssh_session session) {
  return printable(ssh_get_error(session));
}

}  // namespace

struct SshSession::State {
  SshSessionHandle session;
  Socket socket;  ///< Closed after the session, which does not own it.
  std::string peer;
  std::stop_token stop;

  void throw_if_stopped() const {
    if (stop.stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
  }

  [[noreturn]] void throw_broken() const {
    throw Error(ErrorKind::Unavailable,
                fmt::format("the connection to {} broke: {}", peer, last_error(session.get())));
  }

  [[noreturn]] void throw_late(const std::string& what) const {
    throw Error(ErrorKind::Timeout, fmt::format("{} did not {} in time", peer, what));
  }

  /// Repeats a call of libssh that answers `again` while it waits for the other end.
  template <typename Call>
  int repeat(int again, const std::string& what, Clock::Instant deadline, const Call& call) const {
    while (true) {
      throw_if_stopped();
      const int result = call();
      if (result != again)
        return result;
      if (time_left(deadline).count() == 0)
        throw_late(what);
      const int flags = ssh_get_poll_flags(session.get());
      const bool writes = (flags & SSH_WRITE_PENDING) != 0;
      pollfd waited{socket.descriptor(), static_cast<short>(writes ? POLLIN | POLLOUT : POLLIN), 0};
      ::poll(&waited, 1, slice_until(deadline));
    }
  }
};

struct SshChannel::State {
  SshSession::State* session = nullptr;
  SshChannelHandle channel;
};

namespace {

void set(ssh_session session, ssh_options_e option, const void* value) {
  [[maybe_unused]] const int result = ssh_options_set(session, option, value);
  assert(result == SSH_OK);
}

SshSessionHandle make_session(const Login& login, int descriptor) {
  SshSessionHandle handle(ssh_new());
  if (!handle)
    throw Error(ErrorKind::Failed, "cannot make an SSH session: out of memory");
  ssh_session session = handle.get();
  const bool no_config = false;
  const long timeout = 30;  // Seconds; for calls that block on their own, such as a full window.
  set(session, SSH_OPTIONS_PROCESS_CONFIG, &no_config);
  set(session, SSH_OPTIONS_HOST, login.address.c_str());
  set(session, SSH_OPTIONS_USER, login.user.c_str());
  set(session, SSH_OPTIONS_FD, &descriptor);
  set(session, SSH_OPTIONS_KNOWNHOSTS, "/dev/null");
  set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");
  set(session, SSH_OPTIONS_TIMEOUT, &timeout);
  set(session, SSH_OPTIONS_KEY_EXCHANGE, kKeyExchange);
  set(session, SSH_OPTIONS_HOSTKEYS, kHostKey);
  set(session, SSH_OPTIONS_CIPHERS_C_S, kCiphers);
  set(session, SSH_OPTIONS_CIPHERS_S_C, kCiphers);
  set(session, SSH_OPTIONS_HMAC_C_S, kMacs);
  set(session, SSH_OPTIONS_HMAC_S_C, kMacs);
  set(session, SSH_OPTIONS_COMPRESSION, "no");
  ssh_set_blocking(session, 0);
  return handle;
}

/// The server's key as `ssh-ed25519 AAAA...`.
std::string seen_host_key(ssh_session session) {
  ssh_key seen = nullptr;
  if (ssh_get_server_publickey(session, &seen) != SSH_OK)
    throw Error(ErrorKind::Denied, "the SSH server shows no host key");
  const SshKeyHandle key(seen);
  char* blob = nullptr;
  if (ssh_pki_export_pubkey_base64(key.get(), &blob) != SSH_OK)
    throw Error(ErrorKind::Denied, "the SSH server shows a host key that cannot be read");
  return fmt::format("{} {}", ssh_key_type_to_char(ssh_key_type(key.get())), SshText(blob).get());
}

void check_host_key(ssh_session session, const Login& login, const std::string& peer) {
  const std::string seen = seen_host_key(session);
  if (seen == login.host_key)
    return;
  throw Error(ErrorKind::Denied,
              fmt::format("{} shows another SSH host key than the one made for it: expected {}, "
                          "seen {}",
                          peer, ssh_fingerprint(login.host_key), ssh_fingerprint(seen)))
      .with_hint(
          "something else answers at this address, or the key was changed on the node; nothing was "
          "sent to it. See what stands there with: encamp status");
}

SshKeyHandle read_private_key(const Login& login) {
  ssh_key read = nullptr;
  if (ssh_pki_import_privkey_base64(login.private_key.c_str(), nullptr, nullptr, nullptr, &read) !=
      SSH_OK)
    throw Error(ErrorKind::Failed, "cannot read the deployment's private SSH key");
  return SshKeyHandle(read);
}

}  // namespace

SshSession SshSession::connect(const Login& login, Clock::Instant deadline, std::stop_token stop) {
  const SshKeyHandle key = read_private_key(login);
  auto state = std::make_unique<State>();
  state->peer = fmt::format("{}:{}", login.address, login.port);
  state->stop = std::move(stop);
  while (true) {
    state->session.reset();
    state->socket = connect_to_server(login.address, login.port, deadline, state->stop);
    state->session = make_session(login, state->socket.descriptor());
    ssh_session session = state->session.get();
    const int result = state->repeat(SSH_AGAIN, "complete the SSH handshake", deadline,
                                     [&] { return ssh_connect(session); });
    if (result == SSH_OK)
      break;
    const std::string reason = last_error(session);
    if (reason.find("no match for method") != std::string::npos)
      throw Error(ErrorKind::Denied,
                  fmt::format("{} is not the SSH server that was made for the node: {}",
                              state->peer, reason));
    if (time_left(deadline).count() == 0)
      throw Error(ErrorKind::Timeout,
                  fmt::format("the SSH handshake with {} failed until its deadline: {}",
                              state->peer, reason));
    ::poll(nullptr, 0, slice_until(deadline));  // A server that starts or is full hangs up.
  }
  ssh_session session = state->session.get();
  check_host_key(session, login, state->peer);
  const int result = state->repeat(SSH_AUTH_AGAIN, "let us log in", deadline, [&] {
    return ssh_userauth_publickey(session, nullptr, key.get());
  });
  if (result == SSH_AUTH_ERROR)
    state->throw_broken();
  if (result != SSH_AUTH_SUCCESS)
    throw Error(ErrorKind::Denied, fmt::format("{} does not let '{}' in with the deployment's key",
                                               state->peer, login.user))
        .with_hint("was ~/.ssh/authorized_keys changed on the node? See: encamp logs");
  return SshSession(std::move(state));
}

SshSession::SshSession(std::unique_ptr<State> state) : state_(std::move(state)) {}
SshSession::SshSession(SshSession&&) noexcept = default;
SshSession& SshSession::operator=(SshSession&&) noexcept = default;
SshSession::~SshSession() = default;

SshChannel SshSession::execute(const std::string& command, Clock::Instant deadline) {
  auto state = std::make_unique<SshChannel::State>();
  state->session = state_.get();
  state->channel.reset(ssh_channel_new(state_->session.get()));
  ssh_channel channel = state->channel.get();
  if (channel == nullptr)
    state_->throw_broken();
  if (state_->repeat(SSH_AGAIN, "open a channel", deadline,
                     [&] { return ssh_channel_open_session(channel); }) != SSH_OK)
    state_->throw_broken();
  if (state_->repeat(SSH_AGAIN, "start a command", deadline,
                     [&] { return ssh_channel_request_exec(channel, command.c_str()); }) != SSH_OK)
    state_->throw_broken();
  return SshChannel(std::move(state));
}

SshChannel::SshChannel(std::unique_ptr<State> state) : state_(std::move(state)) {}
SshChannel::SshChannel(SshChannel&&) noexcept = default;
SshChannel& SshChannel::operator=(SshChannel&&) noexcept = default;
SshChannel::~SshChannel() = default;

void SshChannel::write(std::string_view bytes, Clock::Instant deadline) {
  while (!bytes.empty()) {
    // libssh takes what the window lets through; 0 means: wait for the other end to read.
    const int written = state_->session->repeat(0, "take our input", deadline, [&] {
      const auto chunk = static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), 1U << 20));
      return ssh_channel_write(state_->channel.get(), bytes.data(), chunk);
    });
    if (written < 0)
      state_->session->throw_broken();
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string SshChannel::read(std::size_t size, Clock::Instant deadline) {
  std::string result(size, '\0');
  std::size_t filled = 0;
  ssh_channel channel = state_->channel.get();
  while (filled < size) {
    state_->session->throw_if_stopped();
    const auto wanted = static_cast<std::uint32_t>(std::min<std::size_t>(size - filled, 1U << 20));
    const int count = ssh_channel_read_nonblocking(channel, result.data() + filled, wanted, 0);
    if (count > 0) {
      filled += static_cast<std::size_t>(count);
      continue;
    }
    if (count == SSH_ERROR)
      state_->session->throw_broken();
    if (count == SSH_EOF || ssh_channel_is_eof(channel) != 0)
      throw Error(ErrorKind::Unavailable, fmt::format("what ran on {} ended too early: {}",
                                                      state_->session->peer, ending()));
    if (time_left(deadline).count() == 0)
      state_->session->throw_late("answer");
    if (ssh_channel_poll_timeout(channel, slice_until(deadline), 0) == SSH_ERROR)
      state_->session->throw_broken();
  }
  return result;
}

std::string SshChannel::ending() {
  ssh_channel channel = state_->channel.get();
  std::array<char, 2000> errors{};
  int count = 0;
  for (int tries = 0; tries < 20 && count == 0; ++tries) {
    count = ssh_channel_read_nonblocking(channel, errors.data(), errors.size(), 1);
    if (ssh_channel_is_closed(channel) != 0)
      break;
    if (count == 0)
      ssh_channel_poll_timeout(channel, 10, 1);
  }
  if (count > 0)
    return last_lines(printable(std::string_view(errors.data(), static_cast<std::size_t>(count))),
                      5);
  const int status = ssh_channel_get_exit_status(channel);
  return status < 0 ? "connection lost" : fmt::format("exit {}", status);
}

}  // namespace encamp
