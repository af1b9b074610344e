// All that a command which changes the world works with, put together: world, threads, display,
// log, evidence.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/run/environment.h"
#include "engine/run/outcome.h"
#include "engine/run/thread_executor.h"
#include "src/commands.h"
#include "src/deployments.h"
#include "src/event_log.h"
#include "src/local_hosts.h"
#include "src/local_report.h"
#include "src/local_world.h"
#include "src/terminal_events.h"

namespace encamp {

struct WorkbenchOptions {
  PlaceOptions places;
  std::string name;    ///< Of the deployment.
  std::string verb;    ///< `up`, `down`, `test`: names the log.
  std::string report;  ///< Folder for evidence; empty: a new one below the state directory.
  int parallel = 0;
  bool json = false;
};

/// Threads: the main one.
class Workbench {
 public:
  /// `hosts` and `deployments` as the command found them.
  Workbench(Program& program, LocalWorld& world, Deployments& deployments,
            const WorkbenchOptions& options);
  ~Workbench();

  /// Work that stops when the user asks for it.
  Environment environment(Journal& journal);
  /// Work that goes on although the user asked to stop: removing what a test made. Connections to
  /// nodes are made anew.
  Environment cleanup_environment(Journal& journal);

  Events& events() { return log_; }
  FolderReport& report() { return report_; }
  /// Ends the live display.
  void finish();
  /// Ends the process at once when calls are still on their way that nobody waits for.
  [[nodiscard]] ExitCode leave(const Outcome& outcome);

 private:
  Environment make(Journal& journal, Connections& connections, std::stop_token stop);

  Program& program_;
  LocalWorld& world_;
  int parallel_;
  std::unique_ptr<EventDisplay> display_;
  EventLog log_;
  FolderReport report_;
  Connections connections_;
  Connections cleanup_connections_;
  ThreadExecutor executor_;
};

/// hosts.yaml as `places` says, or this machine. Throws Error when it is wrong, after printing why.
HostsFile find_hosts(Program& program, const PlaceOptions& places);

/// The public keys in the user's ~/.ssh.
std::vector<std::string> users_keys();

}  // namespace encamp
