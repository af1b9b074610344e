// Runs a program of this machine and waits for it.
//
//     const ToolResult result = run_tool({.arguments = {"mke2fs", "-V"}, .timeout = 10s});
//
// The program and its process group die when the time is over and when the calling thread ends,
// so nothing of it outlives us.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/description/quantity.h"

namespace encamp {

struct Tool {
  std::vector<std::string> arguments;              ///< The program first; found in PATH.
  std::map<std::string, std::string> environment;  ///< Added to ours.
  Duration timeout = std::chrono::minutes(1);
  /// Gets each line it prints, without the newline, as it comes.
  std::function<void(const std::string&)> on_line;
};

struct ToolResult {
  int exit = 0;        ///< 128 + signal when it died of one; 127 when there is no such program.
  std::string output;  ///< Both streams as they came, the last 64 KiB.
  bool timed_out = false;
};

/// Throws Error(Unavailable) when no process can be made. Threads: any.
ToolResult run_tool(const Tool& tool);

}  // namespace encamp
