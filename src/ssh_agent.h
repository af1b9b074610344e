// The agent inside a node, reached over SSH (agent_frames.h).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/ssh_session.h"

namespace encamp {

class SshAgent {
 public:
  /// Starts it. REQUIRES: the session outlives the agent.
  SshAgent(SshSession& session, const std::string& state, Clock::Instant deadline);

  /// Asks for `operation` and returns its results. Throws Error as the agent says, or as
  /// SshChannel does; then the agent is of no use any more and is_broken().
  std::vector<std::string> ask(std::string_view operation,
                               const std::vector<std::string>& arguments, Clock::Instant deadline);

  bool is_broken() const { return broken_; }

 private:
  SshChannel channel_;
  bool broken_ = false;
};

}  // namespace encamp
