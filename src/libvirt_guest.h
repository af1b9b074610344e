// Guests of a host, by libvirt: containers and machines. Only persistent domains are made.
// Threads: any, at the same time.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/world/host.h"
#include "src/libvirt_connection.h"
#include "src/libvirt_storage.h"

struct _virDomain;

namespace encamp {

class LibvirtGuests {
 public:
  LibvirtGuests(LibvirtConnections& connections, LibvirtStorage& storage)
      : connections_(connections), storage_(storage) {}

  std::optional<GuestState> find(const Claim& claim);
  void define(const GuestSpec& spec);
  void start(const Claim& claim);
  void shut_down(const Claim& claim);
  void destroy(const Claim& claim);
  void undefine(const Claim& claim);
  void set_memory(const Claim& claim, Bytes memory);
  std::map<std::string, std::vector<std::string>> volume_users(const std::string& pool);
  std::string console_tail(const Claim& claim, std::size_t limit);

  struct Listed {
    std::string name;
    GuestState state;
  };
  std::vector<Listed> list();

 private:
  using Action = std::function<void(_virConnect*, _virDomain*, const ConnectionPool&)>;

  /// Runs `action` with the domain of that UUID; false when there is none.
  bool with_domain(const Claim& claim, const Action& action);
  bool is_container(const Claim& claim);

  LibvirtConnections& connections_;
  LibvirtStorage& storage_;
  std::mutex starting_;  // Held while a container starts: two would take the same loop device.
};

}  // namespace encamp
