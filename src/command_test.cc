#include <filesystem>

#include <fmt/format.h>

#include "engine/run/deployment.h"
#include "engine/run/site_tests.h"
#include "src/commands.h"
#include "src/preparing.h"
#include "src/terminal_summary.h"
#include "src/workbench.h"

namespace encamp {
namespace {

// Tests run in parallel on one machine, so each deployment has a name that no other has.
std::string unique_name(const std::string& site, Random& random) {
  constexpr std::size_t kLongestLabel = 63;
  std::string suffix;
  for (const char c : random.bytes(3))
    suffix += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return site.substr(0, kLongestLabel - suffix.size() - 1) + "-" + suffix;
}

std::string counted(const TestRun& run) {
  int passed = 0;
  int failed = 0;
  int skipped = 0;
  for (const TestResult& result : run.results) {
    switch (result.status) {
      case TestResult::Status::Passed:
        ++passed;
        break;
      case TestResult::Status::Failed:
        ++failed;
        break;
      case TestResult::Status::Skipped:
        ++skipped;
        break;
    }
  }
  std::string text = fmt::format("{} passed, {} failed", passed, failed);
  if (skipped > 0)
    text += fmt::format(", {} skipped", skipped);
  return text;
}

// The last lines of `test`: the sum, and where what failed can be looked at.
void conclude(Program& program, Workbench& bench, const std::string& tests, const Outcome& outcome,
              const std::string& standing) {
  std::string text = "\n";
  if (!tests.empty())
    text += fmt::format("tests: {}\n", tests);
  text += summary_of(outcome, {.color = program.out().has_color()}) + standing;
  if (const std::string problem = bench.report().problem(); !problem.empty())
    text += fmt::format("evidence is not complete: {}\n", problem);
  if (bench.report().is_used())
    text += fmt::format("evidence: {}\n", bench.report().folder().native());
  program.out().write(text);
}

ExitCode test_standing(Program& program, const TestOptions& options) {
  Deployments deployments(state_directory(options.places.state));
  deployments.require(options.on);
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  const std::unique_ptr<Journal> journal = deployments.open(options.on, "test --on " + options.on);
  Workbench bench(program, world, deployments,
                  {.places = options.places,
                   .name = options.on,
                   .verb = "test",
                   .report = options.report,
                   .parallel = options.parallel,
                   .json = options.json});

  Environment environment = bench.environment(*journal);
  const TestRun run = run_tests({}, bench.report(), environment);
  bench.finish();
  if (!options.json)
    conclude(program, bench, counted(run), run.outcome, "");
  return bench.leave(run.outcome);
}

// A deployment of its own: up, tests, and away again whatever happened.
ExitCode test_file(Program& program, const TestOptions& options) {
  LocalRandom random;
  const Description plain = read_description(program, options.site, "");
  if (!plain.is_good()) {
    print_diagnostics(program, plain.diagnostics, DiagnosticFormat::Text);
    return ExitCode::Wrong;
  }
  const std::string name = unique_name(plain.site->name, random);
  const Description description = read_good_description(program, options.site, name);
  const HostsFile hosts = find_hosts(program, options.places);
  LocalWorld world(hosts.hosts, program.installation().init);
  Deployments deployments(state_directory(options.places.state));
  const std::unique_ptr<Journal> journal = deployments.open(name, "test " + options.site.file);
  const std::unique_ptr<Reservations> reservations = deployments.reservations();
  EndWhenEmpty end_when_empty(*journal, *reservations);
  std::optional<Waiting> waiting;
  if (!options.wait.empty())
    waiting.emplace(program, world.clock(), read_patience(options.wait));
  Prepared prepared = prepare(program,
                              {.description = description,
                               .world = world,
                               .hosts = hosts,
                               .deployments = deployments,
                               .journal = journal.get(),
                               .reservations = reservations.get(),
                               .waiting = waiting ? &*waiting : nullptr},
                              Reserve::Yes);
  end_when_empty.set_id(prepared.facts.id);

  Workbench bench(program, world, deployments,
                  {.places = options.places,
                   .name = name,
                   .verb = "test",
                   .report = options.report,
                   .parallel = options.parallel,
                   .json = options.json});
  bench.events().on({.kind = Event::Kind::Note, .text = fmt::format("deployment: {}", name)});
  program.signals().say_at_second(fmt::format("encamp down {} takes away what was made", name));
  Environment environment = bench.environment(*journal);
  Outcome outcome = up(prepared.plan, prepared.facts, environment);
  std::string tests;
  if (outcome.succeeded()) {
    const TestRun run = run_tests({}, bench.report(), environment);
    tests = counted(run);
    outcome = combine(std::move(outcome), run.outcome);
  }

  const bool keep =
      options.keep == "always" || (options.keep == "on-failure" && !outcome.succeeded());
  std::string standing;
  if (keep) {
    standing = fmt::format(
        "still there: {}\nnext: encamp ssh {} {}  looks around\nnext: encamp down {}  takes it "
        "away\n",
        name, name, description.first_node(), name);
  } else {
    Environment cleanup = bench.cleanup_environment(*journal);
    const Outcome removed = down(cleanup);
    if (!removed.succeeded())
      standing = fmt::format("next: encamp down {} goes on from here\n", name);
    else if (!outcome.succeeded() && !outcome.interrupted)
      standing = fmt::format("next: encamp test {} --keep on-failure  leaves it standing\n",
                             as_typed(options.site, description.secrets));
    outcome = combine(std::move(outcome), removed);
  }
  bench.finish();
  if (!options.json)
    conclude(program, bench, tests, outcome, standing);
  return bench.leave(outcome);
}

}  // namespace

ExitCode run_test(Program& program, const TestOptions& options) {
  return options.on.empty() ? test_file(program, options) : test_standing(program, options);
}

}  // namespace encamp
