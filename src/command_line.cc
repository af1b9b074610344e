#include "src/command_line.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "engine/description/quantity.h"
#include "src/commands.h"
#include "src/terminal_lines.h"
#include "src/waiting.h"

namespace encamp {
namespace {

// All options of all commands, and which command was given.
struct Parsed {
  CheckOptions check;
  ShowOptions show;
  ExplainOptions explain;
  ComponentOptions component;
  SchemaOptions schema;
  PlanOptions plan;
  UpOptions up;
  DownOptions down;
  StatusOptions status;
  ListOptions list;
  OutputOptions output;
  SshOptions ssh;
  TestOptions test;
  LogsOptions logs;
  ImageOptions image;
  DoctorOptions doctor;
  GraphOptions graph;
  PlaceOptions places;  // Given before the command.
  std::function<ExitCode()> run;
};

void add_places(CLI::App& command, PlaceOptions& places) {
  command.add_option("--state", places.state, "Folder of the deployments (else ENCAMP_STATE)")
      ->type_name("DIR");
  command.add_option("--hosts", places.hosts, "Hosts to deploy on (else this machine)")
      ->type_name("FILE");
}

CLI::Option* add_parameters(CLI::App& command, SiteOptions& site) {
  return command
      .add_option("--parameters", site.parameters, "Values of parameters, as YAML: 'name: value'")
      ->type_name("FILE")
      ->allow_extra_args(false);
}

CLI::Option* add_settings(CLI::App& command, SiteOptions& site) {
  return command.add_option("--set", site.settings, "Value of a parameter; @FILE: what is in FILE")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(CLI::Validator(
          [](const std::string& text) {
            const std::size_t equals = text.find('=');
            return equals == std::string::npos || equals == 0
                       ? fmt::format("'{}' is no NAME=VALUE", text)
                       : std::string();
          },
          "", "NAME=VALUE"));
}

CLI::Option* add_allowed(CLI::App& command, SiteOptions& site) {
  return command
      .add_option("--allow-path", site.allowed, "The description may read files below DIR too")
      ->type_name("DIR")
      ->allow_extra_args(false);
}

void add_site(CLI::App& command, SiteOptions& site) {
  command.add_option("file", site.file, "Description of the site")->type_name("FILE")->required();
  add_settings(command, site);
  add_parameters(command, site);
  add_allowed(command, site);
}

void add_name(CLI::App& command, std::string& name) {
  command.add_option("--name", name, "Name of the deployment (else the site's)")->type_name("NAME");
}

void add_json(CLI::App& command, bool& json, const std::string& what) {
  command.add_flag("--json", json, what);
}

void add_parallel(CLI::App& command, int& parallel) {
  command.add_option("--parallel", parallel, "At most so many steps at once")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
}

// A flag with a value (`--wait=10min`): of an option that may stand alone, what follows would count
// as its value.
void add_wait(CLI::App& command, std::string& wait) {
  command.add_flag("--wait", wait, "Wait for room on the hosts; --wait=10min: so long at most")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text == kForEver || parse_duration(text)
                       ? std::string()
                       : fmt::format("'{}' is no time like 10min", text);
          },
          "", "TIME"));
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& about,
                      const std::string& examples) {
  CLI::App& command = *app.add_subcommand(name, about);
  command.footer("Example:\n" + examples);
  return command;
}

void add_description_commands(CLI::App& app, Program& program, Parsed& parsed) {
  CLI::App& check = add_command(app, "check", "Say everything that is wrong with a description",
                                "  encamp check site.yaml");
  add_site(check, parsed.check.site);
  add_json(check, parsed.check.json, "One diagnostic a line, as JSON");
  check.callback([&] { parsed.run = [&] { return run_check(program, parsed.check); }; });

  CLI::App& graph = add_command(app, "graph", "Print what a stage makes of a description",
                                "  encamp graph site.yaml --stage bind\n"
                                "  encamp graph site.yaml --format svg > site.svg");
  add_site(graph, parsed.graph.site);
  graph.add_option("--stage", parsed.graph.stage, "read, resolve, compile, bind or plan")
      ->type_name("STAGE")
      ->capture_default_str()
      ->check(CLI::IsMember({"read", "resolve", "compile", "bind", "plan"}));
  graph.add_option("--format", parsed.graph.format, "text, dot, svg or json")
      ->type_name("FORMAT")
      ->capture_default_str()
      ->check(CLI::IsMember({"text", "dot", "svg", "json"}));
  graph.add_flag("--expand", parsed.graph.expand, "Draw every copy of a node by itself");
  add_name(graph, parsed.graph.name);
  add_places(graph, parsed.graph.places);
  graph.callback([&] { parsed.run = [&] { return run_graph(program, parsed.graph); }; });

  CLI::App& plan = add_command(app, "plan", "Say what 'up' would do, and why",
                               "  encamp plan site.yaml\n"
                               "  encamp plan site.yaml --observe\n"
                               "  encamp plan site.yaml --exit-code    # 5 when there is work");
  add_site(plan, parsed.plan.site);
  add_name(plan, parsed.plan.name);
  plan.add_flag("--observe", parsed.plan.observe,
                "Look inside the nodes too: what was changed behind our back");
  plan.add_flag("--exit-code", parsed.plan.exit_code, "Exit with 5 when something is to be done");
  add_json(plan, parsed.plan.json, "The whole plan as one JSON document");
  add_places(plan, parsed.plan.places);
  plan.callback([&] { parsed.run = [&] { return run_plan(program, parsed.plan); }; });
}

void add_reference_commands(CLI::App& app, Program& program, Parsed& parsed) {
  CLI::App& show =
      add_command(app, "show", "Print the site that a description makes",
                  "  encamp show site.yaml\n"
                  "  encamp show site.yaml --origins    # where each value comes from");
  add_site(show, parsed.show.site);
  add_name(show, parsed.show.name);
  show.add_flag("--origins", parsed.show.origins, "With file and line of every value");
  show.callback([&] { parsed.run = [&] { return run_show(program, parsed.show); }; });

  CLI::App& explain = add_command(app, "explain", "Tell the long story of a diagnostic",
                                  "  encamp explain missing-unit\n"
                                  "  encamp explain                     # all codes");
  explain.add_option("code", parsed.explain.code, "As in 'error[CODE]'")->type_name("CODE");
  explain.callback([&] { parsed.run = [&] { return run_explain(program, parsed.explain); }; });

  CLI::App& component = add_command(app, "component", "List the components, or tell one's keys",
                                    "  encamp component list\n"
                                    "  encamp component show package");
  component.require_subcommand(1);
  component.add_subcommand("list", "A line for each")->callback([&] {
    parsed.run = [&] { return run_component(program, parsed.component); };
  });
  CLI::App& one = *component.add_subcommand("show", "Properties and attributes of one");
  one.add_option("name", parsed.component.name, "Of the component")->type_name("NAME")->required();
  one.callback([&] { parsed.run = [&] { return run_component(program, parsed.component); }; });

  CLI::App& schema = add_command(app, "schema", "Print the language as a JSON Schema, for editors",
                                 "  encamp schema > encamp.schema.json");
  schema.callback([&] { parsed.run = [&] { return run_schema(program, parsed.schema); }; });
}

void add_changing_commands(CLI::App& app, Program& program, Parsed& parsed) {
  CLI::App& up = add_command(app, "up", "Make the site as its description says",
                             "  encamp up site.yaml\n"
                             "  encamp up site.yaml --name mine --yes");
  add_site(up, parsed.up.site);
  add_name(up, parsed.up.name);
  up.add_flag("--observe", parsed.up.observe,
              "Look inside the nodes too, and mend what was changed behind our back");
  up.add_flag("--yes", parsed.up.yes, "Do not ask");
  up.add_option("--again", parsed.up.again, "Run this command again though it may have run already")
      ->type_name("ADDRESS")
      ->expected(1)
      ->take_all();
  add_wait(up, parsed.up.wait);
  add_parallel(up, parsed.up.parallel);
  add_json(up, parsed.up.json, "One event a line, as JSON");
  add_places(up, parsed.up.places);
  up.callback([&] { parsed.run = [&] { return run_up(program, parsed.up); }; });

  CLI::App& test = add_command(app, "test", "Deploy a site, run its tests, remove it again",
                               "  encamp test site.yaml\n"
                               "  encamp test site.yaml --keep on-failure --report ./report\n"
                               "  encamp test --on mine");
  CLI::Option* const file =
      test.add_option("file", parsed.test.site.file, "Description of the site")->type_name("FILE");
  CLI::Option* const on =
      test.add_option("--on", parsed.test.on, "Run the tests of a deployment that stands")
          ->type_name("NAME");
  file->excludes(on);
  add_settings(test, parsed.test.site)->excludes(on);
  add_parameters(test, parsed.test.site)->excludes(on);
  add_allowed(test, parsed.test.site)->excludes(on);
  test.add_option("--keep", parsed.test.keep, "Leave the site standing: on-failure or always")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"on-failure", "always"}))
      ->excludes(on);
  test.add_option("--report", parsed.test.report, "Folder for evidence and what tests collect")
      ->type_name("DIR");
  add_wait(test, parsed.test.wait);
  add_parallel(test, parsed.test.parallel);
  add_json(test, parsed.test.json, "One event a line, as JSON");
  add_places(test, parsed.test.places);
  test.callback([&] {
    if (parsed.test.site.file.empty() && parsed.test.on.empty())
      throw CLI::RequiredError("FILE or --on NAME");
    parsed.run = [&] { return run_test(program, parsed.test); };
  });

  CLI::App& down =
      add_command(app, "down", "Take a deployment away without a trace", "  encamp down mine");
  down.add_option("name", parsed.down.target, "Name of the deployment, or the site's file")
      ->type_name("NAME|FILE")
      ->required();
  down.add_flag("--yes", parsed.down.yes, "Do not ask");
  add_parallel(down, parsed.down.parallel);
  add_json(down, parsed.down.json, "One event a line, as JSON");
  add_places(down, parsed.down.places);
  down.callback([&] { parsed.run = [&] { return run_down(program, parsed.down); }; });
}

void add_looking_commands(CLI::App& app, Program& program, Parsed& parsed) {
  const auto add_deployment = [](CLI::App& command, std::string& name) {
    return command.add_option("name", name, "Name of the deployment")->type_name("NAME");
  };

  CLI::App& status = add_command(app, "status", "Say what a deployment consists of and how it is",
                                 "  encamp status mine");
  add_deployment(status, parsed.status.name);
  status.add_flag("--observe", parsed.status.observe,
                  "Look inside the nodes too: what was changed behind our back");
  add_json(status, parsed.status.json, "One resource a line, as JSON");
  add_places(status, parsed.status.places);
  status.callback([&] { parsed.run = [&] { return run_status(program, parsed.status); }; });

  CLI::App& list = add_command(app, "list", "List the deployments", "  encamp list");
  add_json(list, parsed.list.json, "One deployment a line, as JSON");
  add_places(list, parsed.list.places);
  list.callback([&] { parsed.run = [&] { return run_list(program, parsed.list); }; });

  CLI::App& output = add_command(app, "output", "Print the outputs of a deployment, or one of them",
                                 "  encamp output mine\n"
                                 "  curl \"$(encamp output mine url)\"");
  add_deployment(output, parsed.output.name)->required();
  output.add_option("key", parsed.output.key, "Name of one output")->type_name("KEY");
  add_json(output, parsed.output.json, "As JSON");
  add_places(output, parsed.output.places);
  output.callback([&] { parsed.run = [&] { return run_output(program, parsed.output); }; });

  CLI::App& ssh = add_command(app, "ssh", "Log in on a node, or run a command there",
                              "  encamp ssh mine node\n"
                              "  encamp ssh mine node systemctl status nginx");
  add_places(ssh, parsed.ssh.places);
  add_deployment(ssh, parsed.ssh.name)->required();
  ssh.add_option("node", parsed.ssh.node, "Name of the node")->type_name("NODE")->required();
  ssh.add_option("command", parsed.ssh.command, "What to run there instead of a shell")
      ->type_name("COMMAND");
  ssh.positionals_at_end();  // What follows NAME belongs to the command, options too.
  ssh.callback([&] {
    std::vector<std::string>& command = parsed.ssh.command;
    if (!command.empty() && command.front() == "--")
      command.erase(command.begin());
    parsed.run = [&] { return run_ssh(program, parsed.ssh); };
  });

  CLI::App& logs = add_command(app, "logs", "Show what encamp did, or a node's journal",
                               "  encamp logs mine\n"
                               "  encamp logs mine node --lines 50");
  add_deployment(logs, parsed.logs.name)->required();
  logs.add_option("node", parsed.logs.node, "Name of a node")->type_name("NODE");
  logs.add_option("--lines", parsed.logs.lines, "The last so many lines")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000000));
  add_places(logs, parsed.logs.places);
  logs.callback([&] { parsed.run = [&] { return run_logs(program, parsed.logs); }; });

  CLI::App& doctor = add_command(app, "doctor", "Say what this machine lacks, and what mends it",
                                 "  encamp doctor\n"
                                 "  encamp doctor --start    # starts a libvirtd where none runs");
  doctor.add_flag("--start", parsed.doctor.start, "Start a libvirtd that works here");
  add_places(doctor, parsed.doctor.places);
  doctor.callback([&] { parsed.run = [&] { return run_doctor(program, parsed.doctor); }; });
}

void add_image_commands(CLI::App& app, Program& program, Parsed& parsed) {
  CLI::App& image = add_command(app, "image", "List, remove and renew the images of nodes",
                                "  encamp image list\n"
                                "  encamp image prune --dry-run\n"
                                "  encamp image update");
  image.require_subcommand(1);
  CLI::App& list =
      add_command(image, "list", "Say what each image is and who uses it", "  encamp image list");
  add_json(list, parsed.image.json, "One image a line, as JSON");
  add_places(list, parsed.image.places);
  list.callback([&] { parsed.run = [&] { return run_image_list(program, parsed.image); }; });

  CLI::App& prune =
      add_command(image, "prune", "Remove the images that no guest and no deployment uses",
                  "  encamp image prune --dry-run");
  prune.add_flag("--dry-run", parsed.image.dry_run, "Only say what would be removed");
  prune.add_flag("--yes", parsed.image.yes, "Do not ask");
  add_places(prune, parsed.image.places);
  prune.callback([&] { parsed.run = [&] { return run_image_prune(program, parsed.image); }; });

  CLI::App& update = add_command(
      image, "update",
      "Read the package lists of the mirrors anew; new nodes start from images made with them",
      "  encamp image update");
  update.callback([&] { parsed.run = [&] { return run_image_update(program, parsed.image); }; });
}

// What was given before the command counts where the command itself says nothing.
void fill_places(Parsed& parsed) {
  for (PlaceOptions* places :
       {&parsed.plan.places, &parsed.up.places, &parsed.down.places, &parsed.status.places,
        &parsed.list.places, &parsed.output.places, &parsed.ssh.places, &parsed.test.places,
        &parsed.logs.places, &parsed.image.places, &parsed.doctor.places, &parsed.graph.places}) {
    if (places->state.empty())
      places->state = parsed.places.state;
    if (places->hosts.empty())
      places->hosts = parsed.places.hosts;
  }
}

// The command that was given, or the program when none was.
const CLI::App& given(const CLI::App& app) {
  const std::vector<CLI::App*> commands = app.get_subcommands();
  return commands.empty() ? app : given(*commands.front());
}

// As it is typed: `encamp image list`.
std::string name_of(const CLI::App& command) {
  return command.get_parent() == nullptr
             ? command.get_name()
             : name_of(*command.get_parent()) + " " + command.get_name();
}

// What to do about a word that is nothing here.
std::string hint_for(const std::string& word, const CLI::App& app) {
  std::vector<std::string> known;
  if (word.starts_with('-')) {
    for (const CLI::Option* option : app.get_options()) {
      for (const std::string& name : option->get_lnames())
        known.push_back("--" + name);
    }
  } else {
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
  }
  const std::string near = nearest(word, known);
  if (!near.empty())
    return fmt::format("did you mean '{}'?", near);
  return name_of(app) + " --help";
}

Error usage_error(const CLI::ParseError& error, const CLI::App& app) {
  const CLI::App& command = given(app);
  const std::vector<std::string> extras = app.remaining(true);
  const bool has_commands = !command.get_subcommands([](const CLI::App*) { return true; }).empty();
  const bool is_unknown =
      dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr ||
      (has_commands && dynamic_cast<const CLI::RequiredError*>(&error) != nullptr);
  if (is_unknown && !extras.empty()) {
    const std::string& word = extras.front();
    const bool is_option = word.starts_with('-');
    if (is_option && command.get_parent() != nullptr && command.get_option_no_throw(word))
      return Error(ErrorKind::Failed,
                   fmt::format("'{}' takes no option '{}' before it", name_of(command), word))
          .with_hint(fmt::format("{} ... {}", name_of(command), word));
    const char* const what = is_option ? "option" : has_commands ? "command" : "argument";
    return Error(ErrorKind::Failed,
                 command.get_parent() == nullptr
                     ? fmt::format("there is no {} '{}'", what, word)
                     : fmt::format("'{}' takes no {} '{}'", name_of(command), what, word))
        .with_hint(hint_for(word, command));
  }
  std::string message = error.what();
  message.resize(std::min(message.find('\n'), message.size()));
  return Error(ErrorKind::Failed, message).with_hint(name_of(command) + " --help");
}

}  // namespace

ExitCode run_command_line(Program& program, int count, const char* const* arguments) {
  Parsed parsed;
  CLI::App app("Deploys, tests and tears down the site that one YAML file describes.", "encamp");
  app.set_version_flag("--version", "encamp " ENCAMP_VERSION);
  app.get_formatter()->column_width(28);
  add_places(app, parsed.places);
  app.footer("Example:\n  encamp test examples/hello.yaml\n\nHelp for a command: encamp up --help");
  add_description_commands(app, program, parsed);
  add_reference_commands(app, program, parsed);
  add_changing_commands(app, program, parsed);
  add_looking_commands(app, program, parsed);
  add_image_commands(app, program, parsed);

  try {
    app.parse(count, arguments);
  } catch (const CLI::CallForVersion&) {
    program.out().write("encamp " ENCAMP_VERSION "\n");
    return ExitCode::Done;
  } catch (const CLI::CallForHelp&) {
    const CLI::App& command = given(app);
    program.out().write(command.get_parent() == nullptr
                            ? app.help()
                            : command.help(name_of(*command.get_parent())));
    return ExitCode::Done;
  } catch (const CLI::ParseError& error) {
    program.report(usage_error(error, app));
    return ExitCode::Wrong;
  }
  if (!parsed.run) {
    program.err().write(app.help());
    return ExitCode::Wrong;
  }
  fill_places(parsed);
  return parsed.run();
}

}  // namespace encamp
