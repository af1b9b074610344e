// Everything outside the engine, behind interfaces: so that tests and the simulator can be the
// world.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "engine/world/clock.h"
#include "engine/world/guest.h"
#include "engine/world/host.h"
#include "engine/world/workshop.h"

namespace encamp {

struct SshKey {
  std::string private_key;  ///< OpenSSH's PEM text.
  std::string public_key;   ///< `ssh-ed25519 AAAA...`, without a comment.
};

/// Thrown by every call into a simulated world once the process is to die there. It is no
/// std::exception, so that nothing catches it but the simulator.
struct Killed {};

class World {
 public:
  virtual ~World() = default;

  /// REQUIRES: `name` is one of host_names(). Throws Error(Unavailable) when it does not answer.
  virtual Host& host(const std::string& name) = 0;
  virtual std::vector<std::string> host_names() = 0;
  virtual Workshop& workshop() = 0;
  virtual Clock& clock() = 0;
  virtual Random& random() = 0;
  virtual SshKey make_ssh_key() = 0;  ///< Ed25519.

  /// Logs in, trying until `deadline` because a guest may just be booting: port, banner, login.
  /// Throws Error(Timeout) that says which of these was not reached, Error(Denied) for another
  /// host key, Error(Interrupted) when `stop` is requested.
  virtual std::unique_ptr<Guest> connect(const Login& login, Clock::Instant deadline,
                                         std::stop_token stop) = 0;
};

}  // namespace encamp
