// What every Host does, as one table: tests run its rows against the fake, libvirt's test driver
// and a real libvirtd (tests/integration/host_contract_test.cc, tests/site/host_contract_test.cc),
// so that what is tested on the fake holds.
//
//     for (const HostRow& row : host_contract())
//       EXPECT_EQ(row.run(bench), row.outcome);
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/world/host.h"

namespace encamp::test {

/// A host, and where on it a row may make things. Clean it up with clear().
struct HostBench {
  Host& host;
  std::string prefix;  ///< Begins the names; nobody else's do.
  std::string subnet;  ///< `10.9.8`: free.
  Isolation isolation = Isolation::Container;
  /// What makes a guest start: the content of its image and its own disk.
  std::function<void(const VolumeId& image, const VolumeId& disk)> make_disks;

  Owner owner(const std::string& address) const;
  /// `twin`: another one of that name.
  Claim claim(Claim::Kind kind, const std::string& name, const std::string& twin = "") const;
  NetworkSpec network(const std::string& name, const std::string& twin = "") const;
  Claim pool() const { return claim(Claim::Kind::Pool, ""); }
  /// In a pool with its disks, which this makes.
  GuestSpec guest(const std::string& name) const;
  /// Removes all that rows can have made; what fails is returned.
  std::vector<std::string> clear() const;
};

struct HostRow {
  std::string name;
  /// Why libvirt's test driver cannot; empty: it does the same.
  std::string not_in_test_driver;
  std::string outcome;
  std::function<std::string(HostBench&)> run;
};

const std::vector<HostRow>& host_contract();

}  // namespace encamp::test
