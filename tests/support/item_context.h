// The Context of a software item under test: the inside of one node in memory, no hosts, no runner.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/component/component.h"
#include "tests/support/fake_guest.h"
#include "tests/support/fake_world.h"

namespace encamp::test {

class ItemContext : public Context {
 public:
  /// A context for the item `address` of node `nodes.node`.
  explicit ItemContext(const Address& address);

  FakeMachine machine;                ///< What is inside the node.
  FakeShell shell;                    ///< Answers every command; none: exit 0, no output.
  std::set<std::string> unknown;      ///< Packages that do not exist.
  Faults faults;                      ///< Of the guest.
  Record own;                         ///< The item's record; note() writes into it.
  std::map<Address, Record> records;  ///< Others.
  std::vector<Record> others;         ///< Items of the same component on the node.
  std::stop_source interrupt;
  int attempt = 1;   ///< Part of every receipt, as the runner counts it.
  int receipts = 0;  ///< How many were asked for.

  /// As the runner does: asks the component, keeps what it reports.
  Attributes realize(const Component& component, const Properties& wanted);
  /// What it throws; without an error the test fails.
  Error error_of(const Component& component, const Properties& wanted);

  const Owner& owner() const override { return owner_; }
  const std::string& deployment() const override { return deployment_; }
  Host& host() override;
  Workshop& workshop() override;
  Guest& guest() override { return guest_; }
  const Record& record(const Address& address) override;
  void note(const std::string& name, Value value) override { own.notes[name] = std::move(value); }
  std::vector<Record> neighbours() override { return others; }
  Value keep_secret(const std::string& name, const std::string& text) override;
  std::optional<Value> find_secret(const std::string& name) override;
  void forget_secret(const std::string& name) override;
  std::string random_bytes(std::size_t count) override;
  SshKey ssh_key(const std::string& name) override;
  std::vector<std::string> authorized_keys() override { return {}; }
  Receipt receipt(const std::string& purpose, const std::string& digest) override;
  FakeClock& clock() override { return clock_; }
  Clock::Instant deadline() const override { return deadline_; }
  std::stop_token stop() const override { return interrupt.get_token(); }
  void progress(const std::string&) override {}

 private:
  Owner owner_;
  std::string deployment_ = "lab";
  FakeClock clock_;
  Clock::Instant deadline_;
  FakeGuest guest_;
};

}  // namespace encamp::test
