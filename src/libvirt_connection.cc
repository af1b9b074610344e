#include "src/libvirt_connection.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <signal.h>

#include "src/libvirt_error.h"

namespace encamp {
namespace {

struct Uri {
  std::string driver;
  std::string transport;  ///< Empty, `unix`, `ssh`, ...
  std::string host;       ///< With `user@`; empty for this machine.
  std::vector<std::string> parameters;
};

Uri parse_uri(const std::string& text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string::npos)
    throw Error(ErrorKind::Denied, fmt::format("'{}' is no connection URI of libvirt", text))
        .with_hint("write lxc:///system, qemu:///system or qemu+ssh://root@host/system");
  Uri uri;
  uri.driver = text.substr(0, colon);
  if (const std::size_t plus = uri.driver.find('+'); plus != std::string::npos) {
    uri.transport = uri.driver.substr(plus + 1);
    uri.driver.resize(plus);
  }
  const std::size_t question = text.find('?', colon);
  const std::string location = text.substr(colon + 3, question - colon - 3);
  uri.host = location.substr(0, location.find('/'));
  if (question == std::string::npos)
    return uri;
  std::string rest = text.substr(question + 1);
  for (char& c : rest)
    c = c == ';' ? '&' : c;
  while (!rest.empty()) {
    const std::string parameter = rest.substr(0, rest.find('&'));
    rest.erase(0, std::min(rest.size(), parameter.size() + 1));
    uri.parameters.push_back(parameter.substr(0, parameter.find('=')));
  }
  return uri;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& accepted) {
  return std::ranges::find(accepted, text) != accepted.end();
}

// What is not known to be harmless is refused: `command` and `netcat` run programs, `ext` is made
// for it, `no_verify`, `no_sanity` and `known_hosts_verify` let anybody answer.
constexpr std::array<std::string_view, 3> kDrivers{"lxc", "qemu", "test"};
constexpr std::array<std::string_view, 4> kTransports{"", "unix", "ssh", "tls"};
constexpr std::array<std::string_view, 4> kParameters{"socket", "mode", "no_tty", "keyfile"};

/// libvirt writes to its socket in a way that ends the process when the daemon has gone; we want
/// the error. Where the program handles the signal itself, it goes on doing so.
void ignore_broken_pipes() {
  struct sigaction present {};
  if (sigaction(SIGPIPE, nullptr, &present) == 0 && present.sa_handler == SIG_DFL)
    signal(SIGPIPE, SIG_IGN);
}

}  // namespace

void check_connection_uri(const std::string& text) {
  const Uri uri = parse_uri(text);
  if (!is_one_of(uri.driver, kDrivers))
    throw Error(ErrorKind::Denied,
                fmt::format("connection '{}': driver '{}' is not supported", text, uri.driver))
        .with_hint("lxc and qemu are");
  if (!is_one_of(uri.transport, kTransports))
    throw Error(ErrorKind::Denied,
                fmt::format("connection '{}': transport '{}' is refused", text, uri.transport))
        .with_hint("use ssh, tls or none");
  if (uri.host.starts_with('-') || uri.host.find("@-") != std::string::npos)
    throw Error(ErrorKind::Denied, fmt::format("connection '{}': no host begins with '-'", text));
  for (const std::string& parameter : uri.parameters)
    if (!is_one_of(parameter, kParameters))
      throw Error(ErrorKind::Denied,
                  fmt::format("connection '{}': parameter '{}' is refused: such parameters run "
                              "commands or weaken checks",
                              text, parameter))
          .with_hint("set it for the host in ~/.ssh/config instead");
}

ConnectionPool::ConnectionPool(std::string uri) : uri_(std::move(uri)) {
  check_connection_uri(uri_);
  static std::once_flag once;
  std::call_once(once, [] {
    ignore_broken_pipes();
    silence_libvirt();
    virInitialize();
  });
}

ConnectionPool::~ConnectionPool() {
  for (virConnectPtr connection : idle_)
    virConnectClose(connection);
}

bool ConnectionPool::is_local() const {
  const Uri uri = parse_uri(uri_);
  return uri.host.empty() && uri.driver != "test";
}

bool ConnectionPool::is_driver(std::string_view name) const {
  return parse_uri(uri_).driver == name;
}

virConnectPtr ConnectionPool::take() {
  {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty() || open_ < kLimit; });
    if (!idle_.empty()) {
      const virConnectPtr connection = idle_.back();
      idle_.pop_back();
      return connection;
    }
    ++open_;
  }
  // A URI means what it says, whatever libvirt.conf calls by that name. The test driver knows no
  // flags.
  const unsigned flags = is_driver("test") ? 0 : VIR_CONNECT_NO_ALIASES;
  const virConnectPtr connection = virConnectOpenAuth(uri_.c_str(), nullptr, flags);
  if (connection != nullptr)
    return connection;
  Error error = libvirt_error(fmt::format("cannot connect to {}", uri_));
  {
    const std::lock_guard lock(mutex_);
    --open_;
  }
  returned_.notify_one();
  throw Error(error);
}

void ConnectionPool::give_back(virConnectPtr connection) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(connection);
  }
  returned_.notify_one();
}

void ConnectionPool::drop(virConnectPtr connection) {
  std::vector<virConnectPtr> closed{connection};
  {
    // The daemon went away, so the idle ones are broken too.
    const std::lock_guard lock(mutex_);
    closed.insert(closed.end(), idle_.begin(), idle_.end());
    idle_.clear();
    open_ -= closed.size();
  }
  for (virConnectPtr each : closed)
    virConnectClose(each);
  returned_.notify_all();
}

ConnectionPool::Lease::~Lease() {
  if (connection_ == nullptr)
    return;
  if (virConnectIsAlive(connection_) == 1)
    pool_.give_back(connection_);
  else
    pool_.drop(connection_);
}

bool ConnectionPool::Lease::drop_if_broken() {
  if (virConnectIsAlive(connection_) == 1)
    return false;
  pool_.drop(connection_);
  connection_ = nullptr;
  return true;
}

LibvirtConnections::LibvirtConnections(const std::vector<std::string>& uris) {
  for (const std::string& uri : uris)
    pools_.push_back(std::make_unique<ConnectionPool>(uri));
}

std::vector<ConnectionPool*> LibvirtConnections::usable() {
  {
    const std::lock_guard lock(mutex_);
    if (!usable_.empty())
      return usable_;
  }
  std::vector<ConnectionPool*> usable;
  std::optional<Error> first;
  for (const std::unique_ptr<ConnectionPool>& pool : pools_) {
    try {
      pool->with([](virConnectPtr) {});
      usable.push_back(pool.get());
    } catch (const Error& error) {
      if (!first)
        first = error;
    }
  }
  if (usable.empty())
    throw first ? *first : Error(ErrorKind::Unavailable, "the host has no connection URI");
  const std::lock_guard lock(mutex_);
  usable_ = usable;
  return usable;
}

ConnectionPool& LibvirtConnections::any() {
  return *usable().front();
}

ConnectionPool* LibvirtConnections::containers() {
  for (ConnectionPool* pool : usable())
    if (pool->is_driver("lxc"))
      return pool;
  return nullptr;
}

ConnectionPool* LibvirtConnections::machines() {
  for (ConnectionPool* pool : usable())
    if (!pool->is_driver("lxc"))
      return pool;
  return nullptr;
}

bool LibvirtConnections::is_local() const {
  return std::ranges::all_of(pools_, [](const auto& pool) { return pool->is_local(); });
}

}  // namespace encamp
