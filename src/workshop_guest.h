// The inside of a tree that an image is being made of: the agent of nodes, run in the tree and
// reached over two named pipes, so that components realize an image's software as they do a node's.
//
//     TreeAgent agent(work.path());       // before the script that starts the agent is run
//     agent.realize([](Guest& guest) { ... });   // when the script says that it runs
#pragma once

#include <exception>
#include <filesystem>
#include <functional>

#include "engine/world/guest.h"
#include "src/local_file.h"

namespace encamp {

/// The line that the script prints when the agent runs.
inline constexpr const char* kTreeAgentRuns = "encamp-agent: runs";

/// Threads: one.
class TreeAgent {
 public:
  /// Makes `directory`/agent.pl and the pipes `requests` and `answers` there.
  explicit TreeAgent(const std::filesystem::path& directory);

  /// Calls `work` with the tree and then ends the agent. What `work` throws is kept, and the file
  /// `failed` made, which tells the script to end.
  void realize(const std::function<void(Guest&)>& work);

  /// Throws what was kept.
  void throw_failure() const;

 private:
  std::filesystem::path directory_;
  Descriptor requests_;
  Descriptor answers_;
  std::exception_ptr failure_;
};

}  // namespace encamp
