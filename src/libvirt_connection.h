// LibvirtConnections to a libvirtd. libvirt works on at most five requests of one connection at a
// time, and one slow call holds up the others; so each call has a connection to itself while it
// lasts.
//
//     ConnectionPool pool("lxc:///system");
//     pool.with([&](virConnectPtr connection) { return virDomainLookupByUUIDString(...); });
//
// Threads: any, at the same time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/error.h"

struct _virConnect;

namespace encamp {

/// Throws Error(Denied) when a connection URI would run commands, weaken checks or name a driver
/// that encamp does not know. Good: `lxc:///system`, `qemu+ssh://user@host/system`.
void check_connection_uri(const std::string& uri);

class ConnectionPool {
 public:
  static constexpr std::size_t kLimit = 12;  ///< More wait for one to be given back.

  /// Opens nothing yet. Throws as check_connection_uri().
  explicit ConnectionPool(std::string uri);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  const std::string& uri() const { return uri_; }
  bool is_local() const;                        ///< The daemon is on this machine, and real.
  bool is_driver(std::string_view name) const;  ///< `lxc`, `qemu`, `test`

  /// Runs `operation` with a connection. When that turns out to be broken (the daemon was
  /// restarted since), runs it once more with a new one: it begins with a look-up.
  template <typename Operation>
  auto with(Operation&& operation) {
    {
      Lease lease(*this);
      try {
        return operation(lease.get());
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::Unavailable || !lease.drop_if_broken())
          throw;
      }
    }
    Lease lease(*this);
    return operation(lease.get());
  }

  /// For what cannot be repeated, because it consumes its input.
  template <typename Operation>
  auto with_once(Operation&& operation) {
    Lease lease(*this);
    return operation(lease.get());
  }

 private:
  class Lease {
   public:
    explicit Lease(ConnectionPool& pool) : pool_(pool), connection_(pool.take()) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    _virConnect* get() const { return connection_; }
    bool drop_if_broken();

   private:
    ConnectionPool& pool_;
    _virConnect* connection_;
  };

  _virConnect* take();
  void give_back(_virConnect* connection);
  void drop(_virConnect* connection);

  std::string uri_;
  std::mutex mutex_;  // Guards what follows; not held during a call of libvirt.
  std::condition_variable returned_;
  std::vector<_virConnect*> idle_;
  std::size_t open_ = 0;
};

/// The connections of one host: one libvirtd that has several drivers. Networks and storage are
/// the same through any of them.
class LibvirtConnections {
 public:
  explicit LibvirtConnections(const std::vector<std::string>& uris);

  ConnectionPool& any();         ///< For networks and storage. Throws Error(Unavailable).
  ConnectionPool* containers();  ///< nullptr when the host has none.
  ConnectionPool* machines();    ///< nullptr when the host has none.
  /// Those that answered once. Throws Error(Unavailable) when none does.
  std::vector<ConnectionPool*> usable();
  bool is_local() const;

 private:
  std::vector<std::unique_ptr<ConnectionPool>> pools_;
  std::mutex mutex_;  // Guards usable_.
  std::vector<ConnectionPool*> usable_;
};

}  // namespace encamp
