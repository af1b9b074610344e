// The open connections to nodes: one per node, opened at first use, kept over all that one command
// does. Threads: any, but one at a time per node, as the scheduler's lanes arrange it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/state/record.h"
#include "engine/world/world.h"

namespace encamp {

class Connections {
 public:
  explicit Connections(World& world) : world_(&world) {}

  /// REQUIRES: `node` is the record of a node with its choices (bind/bind.h). Throws what
  /// World::connect throws.
  Guest& get(const Record& node, const std::string& host_key, const std::string& private_key,
             Clock::Instant deadline, std::stop_token stop);
  /// The open one, or nullptr.
  Guest* find(const Address& node);
  /// Forgets it: the next get() connects again.
  void drop(const Address& node);

 private:
  World* world_;
  std::mutex mutex_;  ///< Of the map; never held while something connects.
  std::map<Address, std::unique_ptr<Guest>> open_;
};

/// A node's address on its first network. Throws Error(Failed) when it has none.
std::string address_of(const Record& node);

}  // namespace encamp
