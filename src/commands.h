// The commands of the program, each in src/command_<name>.cc. They print, and return the exit
// code; an Error that leaves one is reported by main. What the options mean, people read in
// `encamp <command> --help` (src/command_line.cc).
#pragma once

#include <string>
#include <vector>

#include "src/exit_code.h"
#include "src/program.h"

namespace encamp {

/// Where deployments and hosts are; of all commands that touch them.
struct PlaceOptions {
  std::string state;  ///< Empty: the usual place (state_directory()).
  std::string hosts;  ///< Empty: the usual file, or this machine.
};

/// Which site: its description, and the parameters it is given.
struct SiteOptions {
  std::string file;
  std::vector<std::string> settings;    ///< `name=value`, `name=@file`
  std::vector<std::string> parameters;  ///< Files of parameters' values.
  std::vector<std::string> allowed;     ///< What it may read besides what lies below its directory.
};

struct CheckOptions {
  SiteOptions site;
  bool json = false;
};
ExitCode run_check(Program& program, const CheckOptions& options);

struct ShowOptions {
  SiteOptions site;
  std::string name;
  bool origins = false;  ///< Where each value comes from.
};
ExitCode run_show(Program& program, const ShowOptions& options);

struct ExplainOptions {
  std::string code;  ///< Empty: all, a line each.
};
ExitCode run_explain(Program& program, const ExplainOptions& options);

struct ComponentOptions {
  std::string name;  ///< Empty: all, a line each.
};
ExitCode run_component(Program& program, const ComponentOptions& options);

struct SchemaOptions {};
ExitCode run_schema(Program& program, const SchemaOptions& options);

struct PlanOptions {
  PlaceOptions places;
  SiteOptions site;
  std::string name;      ///< Of the deployment; empty: the site's.
  bool observe = false;  ///< Look inside nodes.
  bool exit_code = false;
  bool json = false;
};
ExitCode run_plan(Program& program, const PlanOptions& options);

struct UpOptions {
  PlaceOptions places;
  SiteOptions site;
  std::string name;
  bool observe = false;  ///< Look inside nodes, and mend.
  std::string wait;      ///< For room, kForEver or a time; empty: refused when there is none.
  bool yes = false;
  std::vector<std::string> again;  ///< Addresses whose command runs again (Environment::again).
  int parallel = 0;                ///< 0: the engine's default.
  bool json = false;
};
ExitCode run_up(Program& program, const UpOptions& options);

struct DownOptions {
  PlaceOptions places;
  std::string target;  ///< Name of a deployment, or the file it was made from.
  bool yes = false;
  int parallel = 0;
  bool json = false;
};
ExitCode run_down(Program& program, const DownOptions& options);

struct StatusOptions {
  PlaceOptions places;
  std::string name;  ///< Empty: the only one there is.
  bool observe = false;
  bool json = false;
};
ExitCode run_status(Program& program, const StatusOptions& options);

struct ListOptions {
  PlaceOptions places;
  bool json = false;
};
ExitCode run_list(Program& program, const ListOptions& options);

struct OutputOptions {
  PlaceOptions places;
  std::string name;
  std::string key;  ///< Empty: all.
  bool json = false;
};
ExitCode run_output(Program& program, const OutputOptions& options);

struct SshOptions {
  PlaceOptions places;
  std::string name;
  std::string node;
  std::vector<std::string> command;  ///< Empty: a shell.
};
ExitCode run_ssh(Program& program, const SshOptions& options);

struct TestOptions {
  PlaceOptions places;
  SiteOptions site;
  std::string on;    ///< An existing deployment instead of one of its own.
  std::string keep;  ///< Empty: remove whatever happens; `on-failure`, `always`.
  std::string report;
  std::string wait;
  int parallel = 0;
  bool json = false;
};
ExitCode run_test(Program& program, const TestOptions& options);

struct LogsOptions {
  PlaceOptions places;
  std::string name;
  std::string node;  ///< Empty: the runs of encamp itself.
  int lines = 100;
};
ExitCode run_logs(Program& program, const LogsOptions& options);

struct ImageOptions {
  PlaceOptions places;
  bool json = false;
  bool dry_run = false;  ///< prune: only say what would go.
  bool yes = false;
};
ExitCode run_image_list(Program& program, const ImageOptions& options);
ExitCode run_image_prune(Program& program, const ImageOptions& options);
ExitCode run_image_update(Program& program, const ImageOptions& options);

struct DoctorOptions {
  PlaceOptions places;
  bool start = false;
};
ExitCode run_doctor(Program& program, const DoctorOptions& options);

struct GraphOptions {
  PlaceOptions places;
  SiteOptions site;
  std::string name;
  std::string stage = "compile";
  std::string format = "text";
  bool expand = false;  ///< Every copy by itself, in pictures.
};
ExitCode run_graph(Program& program, const GraphOptions& options);

}  // namespace encamp
