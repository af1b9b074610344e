// Requests to the agent in a node or a tree and its answers; src/ssh_agent/frames.pl is the other
// end.
//
//     4 bytes length, then parts, each 4 bytes length and its bytes
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace encamp {

/// The agent's program text.
extern const std::string_view kSshAgentText;

inline constexpr std::size_t kFrameHead = 4;

/// A whole frame.
std::string request_frame(std::string_view operation, const std::vector<std::string>& arguments);

/// The length of what follows a head. REQUIRES: kFrameHead bytes.
std::size_t frame_size(std::string_view head);

/// The results in the body of an answer. Throws Error as the agent says.
std::vector<std::string> results_of(std::string_view body);

}  // namespace encamp
