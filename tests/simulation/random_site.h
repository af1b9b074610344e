// Small sites that nobody wrote: one to four nodes on one or two networks, with items that need
// each other, also across nodes; and their changes.
#pragma once

#include <string>
#include <vector>

#include "tests/simulation/chance.h"

namespace encamp::simulation {

class RandomSite {
 public:
  explicit RandomSite(Chance& chance);

  /// Adds, takes away and changes nodes and items.
  void change(Chance& chance);
  /// As the file would say it.
  std::string text() const;

 private:
  struct Item {
    std::string name;
    std::string kind;  ///< command, file, package, service.
    int version = 1;
    bool flaky = false;
    bool creates = false;
    bool undo = false;
    std::vector<std::string> needs;  ///< Addresses.
  };
  struct Node {
    std::string name;
    bool is_there = true;
    int memory = 128;
    bool machine = false;
    bool two_networks = false;
    std::vector<std::string> needs;
    std::vector<Item> items;
  };

  Item make_item(Chance& chance, std::size_t node);
  bool is_there(const std::string& address) const;

  bool two_networks_ = false;
  std::vector<Node> nodes_;
  int made_ = 0;
};

}  // namespace encamp::simulation
