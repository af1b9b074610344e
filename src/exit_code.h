// What the program's exit codes mean; documented in docs/commands.md. Where several hold: 4, then
// the signal, then 1, then 3.
#pragma once

namespace encamp {

enum class ExitCode : int {
  Done = 0,
  Failed = 1,       ///< The world failed or has no room.
  Wrong = 2,        ///< The description, the command line or hosts.yaml is wrong.
  TestsFailed = 3,  ///< Everything stood; tests did not pass.
  NotRemoved = 4,   ///< Not everything could be removed yet.
  WorkToDo = 5,     ///< `plan --exit-code` found something to do.
  Busy = 75,        ///< Another process holds the deployment.
  Interrupted = 130,
  Terminated = 143,
};

}  // namespace encamp
