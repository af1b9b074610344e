// Small sites that nobody wrote: one to four nodes on one or two networks, with items that need
// each other, also across nodes; and their changes. Those of the wider kind have more: a volume
// that nodes share, a secret and files with it, directories, accounts, archives, repositories.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/chance.h"
#include "tests/support/fake_guest.h"

namespace encamp::simulation {

class RandomSite {
 public:
  enum class Kind { Plain, Wide };
  RandomSite(Chance& chance, Kind kind);

  /// Adds, takes away and changes nodes and items.
  void change(Chance& chance);
  /// As the file would say it.
  std::string text() const;
  /// The archives that it names, by path.
  static std::map<std::string, std::string> archives();
  /// The files that every new node of a wide site has before encamp writes one.
  static std::map<std::string, FileSpec> originals();

  /// What the file says of the inside of one node.
  struct Inside {
    std::string node;
    std::map<std::string, std::string> files;     ///< Contents, by path.
    std::map<std::string, int> directories;       ///< Modes, by path.
    std::map<std::string, std::string> users;     ///< Shells, by name.
    std::map<std::string, int> groups;            ///< Numbers, by name.
    std::map<std::string, std::string> archives;  ///< What is unpacked, by path.
    std::set<std::string> products;               ///< Of commands with 'creates'.
    std::set<std::string> packages;
    std::map<std::string, bool> services;  ///< Whether they are enabled; all run.

    /// Empty when `machine` is so, and has no other file of the kind, nor one of the packages
    /// `ours`.
    std::string what_differs(const test::FakeMachine& machine,
                             const std::set<std::string>& ours) const;
  };
  /// `secret` is the deployment's.
  std::vector<Inside> insides(const std::string& secret) const;
  /// How many of the commands fail when they are run first.
  int flaky_commands() const;

 private:
  struct Item {
    std::string name;
    /// command, file, package, service; in a wide site also secret (a file with it), directory,
    /// user, group, archive, repository.
    std::string kind;
    int version = 1;
    bool flaky = false;
    bool creates = false;
    bool undo = false;
    bool reads = false;              ///< A file: the output of a command that it needs.
    std::vector<std::string> needs;  ///< Addresses.
  };
  struct Node {
    std::string name;
    bool is_there = true;
    int memory = 128;
    bool machine = false;
    bool two_networks = false;
    bool mounts = false;  ///< The volume.
    std::vector<std::string> needs;
    std::vector<Item> items;
  };

  Item make_item(Chance& chance, std::size_t node);
  bool is_there(const std::string& address) const;
  std::string command_of(const std::string& address, const Item& item) const;
  /// The address of the command whose output the file has; empty: none.
  std::string source_of(const Item& file) const;
  const Item* find(const std::string& address) const;

  std::string text_of(const std::string& node, const Item& item) const;

  const Kind kind_;
  bool two_networks_ = false;
  int secret_bytes_ = 16;
  std::vector<Node> nodes_;
  int made_ = 0;
};

}  // namespace encamp::simulation
