#include "src/ssh_agent.h"

#include <fmt/format.h>

#include "src/agent_frames.h"

namespace encamp {

SshAgent::SshAgent(SshSession& session, const std::string& state, Clock::Instant deadline)
    // The login shell sees only this line; the agent's text comes by standard input.
    : channel_(session.execute(
          fmt::format("exec perl -e '$_=\"\";1 while length()<{0}&&sysread(STDIN,$_,{0}-length(),"
                      "length());eval;die$@if$@' '{1}'",
                      kSshAgentText.size(), state),
          deadline)) {
  channel_.write(kSshAgentText, deadline);
}

std::vector<std::string> SshAgent::ask(std::string_view operation,
                                       const std::vector<std::string>& arguments,
                                       Clock::Instant deadline) {
  broken_ = true;  // Until the answer is there: after half of one nothing can be read any more.
  channel_.write(request_frame(operation, arguments), deadline);
  const std::size_t size = frame_size(channel_.read(kFrameHead, deadline));
  const std::string body = channel_.read(size, deadline);
  broken_ = false;
  return results_of(body);
}

}  // namespace encamp
