// The inside of a node in memory: files, packages, units, and commands that a function answers.
// Threads: one call at a time per guest, like any Guest.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/world/guest.h"
#include "tests/support/faults.h"

namespace encamp::test {

/// What a node contains; kept by FakeWorld as long as the node's disk is there.
struct FakeMachine {
  struct Unit {
    bool enabled = false;
    bool active = false;
    bool breaks = false;  ///< Starting it fails.
  };

  std::map<std::string, FileSpec> files;        ///< By path.
  std::map<std::string, std::string> packages;  ///< Name and version.
  std::map<std::string, Unit> units;
  std::map<std::string, CommandResult> receipts;
  std::map<std::string, UserState> users;
  std::map<std::string, int> groups;
  std::map<std::string, std::string> unpacked;  ///< Archives by the path they lie at.
  /// What was written below a path: by path of a file, what was there before.
  std::map<std::string, std::map<std::string, std::optional<FileSpec>>> trees;
  int index_updates = 0;              ///< How often the package index was fetched.
  std::map<int, std::string> ports;   ///< Open while that unit is active; always when it is empty.
  std::map<std::string, int> pages;   ///< Status of a GET, by URL.
  std::vector<std::string> commands;  ///< Every text that was run, probes too, in order.
};

/// Answers a command: may change the machine, throw Error.
using FakeShell = std::function<CommandResult(FakeMachine&, const Command&)>;

class FakeGuest : public Guest {
 public:
  /// `unknown` packages cannot be installed; any other brings the units PACKAGE and its part
  /// before the first `-`. Everything passed is borrowed.
  FakeGuest(FakeMachine& machine, const FakeShell& shell, const std::set<std::string>& unknown,
            Faults& faults)
      : machine_(&machine), shell_(&shell), unknown_(&unknown), faults_(&faults) {}

  CommandResult probe(const Command& command) override;
  CommandResult run(const Receipt& receipt, const Command& command) override;
  std::optional<FileState> find_file(const std::string& path) override;
  std::string read_file(const std::string& path, std::size_t limit) override;
  void write_file(const FileSpec& file) override;
  void remove_file(const std::string& path) override;
  void rename_file(const std::string& from, const std::string& to) override;
  void copy_file(const std::string& from, const std::string& to) override;
  void unpack(const std::string& path, const std::string& archive, int strip) override;
  void remove_unpacked(const std::string& path) override;
  void write_tree(const TreeSpec& tree) override;
  void remove_tree(const std::string& path) override;
  std::optional<UserState> find_user(const std::string& name) override;
  void put_user(const UserSpec& user) override;
  void remove_user(const std::string& name) override;
  std::optional<int> find_group(const std::string& name) override;
  void put_group(const std::string& name, std::optional<int> gid, bool system) override;
  void remove_group(const std::string& name) override;
  void update_packages(Duration timeout) override;
  bool listens(int port) override;
  int http_status(const std::string& url) override;
  std::map<std::string, std::string> installed(const std::vector<std::string>& packages) override;
  void install(const std::vector<std::string>& packages, Duration timeout) override;
  void uninstall(const std::vector<std::string>& packages, Duration timeout) override;
  UnitState unit(const std::string& name) override;
  void enable_unit(const std::string& name, bool enabled) override;
  void start_unit(const std::string& name) override;
  void restart_unit(const std::string& name) override;
  void stop_unit(const std::string& name) override;
  std::string unit_journal(const std::string& name, int lines) override;

 private:
  FakeMachine::Unit& known_unit(const std::string& name);

  FakeMachine* machine_;
  const FakeShell* shell_;
  const std::set<std::string>* unknown_;
  Faults* faults_;
};

/// What installing `package` (`name` or `name=version`) leaves on a machine.
void add_package(FakeMachine& machine, const std::string& package);

}  // namespace encamp::test
