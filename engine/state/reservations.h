// What deployments have set aside on the hosts, so that two of them never take the same subnet or
// more memory and disk than there is. Shared by all deployments of a user (hosts.db).
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/description/quantity.h"

namespace encamp {

/// Of one deployment on one host.
struct Reservation {
  std::string deployment;  ///< Its id.
  std::string name;        ///< Its name, for messages.
  std::string host;
  std::vector<std::string> subnets;  ///< `10.64.3.0/24`
  Bytes memory;
  Bytes disk;
  bool operator==(const Reservation&) const = default;
};

class Reservations {
 public:
  virtual ~Reservations() = default;

  virtual std::vector<Reservation> list() = 0;
  /// Durable before it returns. Replaces what that deployment had on that host. When one of the
  /// subnets overlaps one of another deployment on the same host (overlaps(), bind/subnet.h),
  /// nothing is changed and Error(Conflict) is thrown, in the same transaction: bind again.
  /// `admit` gets all reservations inside that transaction; when it throws, nothing is changed.
  using Admission = std::function<void(const std::vector<Reservation>&)>;
  virtual void put(const Reservation& reservation, const Admission& admit = {}) = 0;
  /// All that the deployment had, on every host. None is no error.
  virtual void remove(const std::string& deployment) = 0;
};

}  // namespace encamp
