// The whole world in memory. Time passes only when someone sleeps; hosts and what is inside nodes
// outlive the "process", which dies by faults.kill_at() and begins anew by faults.revive().
//
//     FakeWorld world;                      // one host, `here`
//     world.shell = [](FakeMachine& machine, const Command& command) { return CommandResult{}; };
//     up(..., world, ...);
//     EXPECT_EQ(world.here().objects(), ...);
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/world/world.h"
#include "tests/support/fake_guest.h"
#include "tests/support/fake_host.h"
#include "tests/support/fake_workshop.h"
#include "tests/support/faults.h"

namespace encamp::test {

/// Begins at 2026-01-01 and jumps when someone sleeps.
class FakeClock : public Clock {
 public:
  Instant now() override { return Instant(std::chrono::nanoseconds(passed_.load())); }
  WallTime wall_time() override;
  void sleep(std::chrono::nanoseconds duration, std::stop_token) override {
    passed_ += duration.count();
  }

 private:
  std::atomic<std::int64_t> passed_{0};  ///< Nanoseconds.
};

/// The same bytes in every run.
class FakeRandom : public Random {
 public:
  std::string bytes(std::size_t count) override;

 private:
  std::atomic<std::uint64_t> state_{1};
};

class FakeWorld : public World {
 public:
  FakeWorld();

  Faults faults;
  FakeShell shell;                        ///< Answers every command; none: exit 0, no output.
  std::set<std::string> unknown;          ///< Packages that do not exist on nodes.
  std::map<int, std::string> ports;       ///< Of every new node, see FakeMachine::ports.
  std::map<std::string, FileSpec> files;  ///< That every new node has.
  FakeWorkshop fake_workshop{faults};

  FakeHost& here() { return *hosts_.front(); }
  FakeHost& add_host(const std::string& name);
  /// The inside of the running node that has `address`, or nullptr.
  FakeMachine* machine(const std::string& address);

  Host& host(const std::string& name) override;
  std::vector<std::string> host_names() override;
  Workshop& workshop() override { return fake_workshop; }
  Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  /// Its private half is `fake private key N`, its public half `ssh-ed25519 N`.
  SshKey make_ssh_key() override;
  /// Finds the running guest whose own disk names the address. Where a private key of
  /// make_ssh_key() lies on that disk, the login must expect the public half of one of them.
  std::unique_ptr<Guest> connect(const Login& login, Clock::Instant deadline,
                                 std::stop_token stop) override;

 private:
  struct Found {
    FakeMachine* machine = nullptr;
    std::string disk;  ///< Its content.
  };
  Found find_machine(const std::string& address);

  std::vector<std::unique_ptr<FakeHost>> hosts_;
  FakeClock clock_;
  FakeRandom random_;
  std::mutex mutex_;                                              ///< Of the two below.
  std::map<std::string, std::unique_ptr<FakeMachine>> machines_;  ///< By host and disk.
  int keys_ = 0;
};

}  // namespace encamp::test
