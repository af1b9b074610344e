// simulate: runs seeds and says how fast, or what failed. See docs/reliability.md.
//
//     simulate --seeds N [--from S] [--jobs J] [--mutant NAME]   N seeds
//     simulate --seconds T ...                                   as many as fit
//     simulate --these S,S,...                                   these seeds; --from random: any
//     simulate --kills-for T                                     a kill at every call, small sites
//     simulate --kind plain ...                                  no site of the wide kind, see
//     life.h simulate --twice N                                         equal seeds do the same
//     simulate --trace SEED                                      what failed, with what it takes
//     simulate --mutants N [--jobs J] [--mutant NAME]            a table: which seed finds which
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/mutants.h"
#include "tests/simulation/simulation.h"

namespace encamp::simulation {
namespace {

struct Options {
  std::uint64_t seeds = 1000;
  std::uint64_t from = 1;
  std::uint64_t jobs = 1;
  double seconds = 0;
  double kills_for = 0;
  std::uint64_t twice = 0;
  std::uint64_t trace = 0;
  std::uint64_t mutants = 0;
  std::string mutant;
  bool plain = false;
  std::vector<std::uint64_t> these;
};

constexpr int kMostFailures = 20;

void say(const std::string& line) {
  std::puts(line.c_str());
  std::fflush(stdout);
}

class Watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

// The baton goes from thread to thread of one processor: that is cheapest. Threads that are made
// from here on are on the one that the kernel finds for us now: others compute too.
void pin() {
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  sched_setaffinity(0, sizeof allowed, &allowed);
  usleep(1000);  // Who wakes up is put where there is room.
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &set);
  sched_setaffinity(0, sizeof set, &set);
}

// What happened, with no more faults than the failure takes.
void print_trace(Simulator& simulator, std::uint64_t seed, bool plain) {
  const Report report = simulator.shrink(seed, {.plain = plain});
  std::string text;
  for (const std::string& line : report.trace)
    text += line + "\n";
  text += fmt::format("seed {}: {}; {} calls; it takes:\n", seed,
                      report.violation ? *report.violation : "all held", report.calls);
  for (const std::string& fault : report.faults)
    text += "  " + fault + "\n";
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

int run_seeds(const Options& options, std::uint64_t job) {
  constexpr std::uint64_t kPinned = 2000;  // Seeds on one processor, some seconds.
  std::optional<Simulator> simulator;
  const Watch watch;
  std::uint64_t done = 0;
  std::uint64_t calls = 0;
  std::uint64_t faults = 0;
  int failed = 0;
  std::uint64_t first_failed = 0;
  for (std::uint64_t seed = options.from + job;
       failed < kMostFailures && (options.seconds > 0 ? watch.seconds() < options.seconds
                                                      : seed < options.from + options.seeds);
       seed += options.jobs, ++done) {
    if (done % kPinned == 0) {
      simulator.reset();
      pin();
      simulator.emplace();
    }
    const Report report = simulator->run(seed, {.plain = options.plain});
    calls += static_cast<std::uint64_t>(report.calls);
    faults += report.faults.size();
    if (report.violation) {
      say(fmt::format("seed {}: {}\n  scripts/simulate --trace {}", seed, *report.violation, seed));
      if (++failed == 1)
        first_failed = seed;
    }
    if (done % 10000 == 9999)
      say(fmt::format("{} seeds so far, {} failed", done + 1, failed));
  }
  say(fmt::format("{} seeds, {} calls, {} faults, {} failed, {:.0f} seeds/s", done, calls, faults,
                  failed, static_cast<double>(done) / watch.seconds()));
  if (failed > 0)
    print_trace(*simulator, first_failed, options.plain);
  return failed == 0 ? 0 : 1;
}

// In as many processes as there are jobs. Returns the worst of their ends.
int run_jobs(const Options& options, int (*run_one)(const Options&, std::uint64_t job)) {
  for (std::uint64_t job = 1; job < options.jobs; ++job) {
    if (fork() == 0)
      std::_Exit(run_one(options, job));
  }
  int worst = run_one(options, 0);
  for (int status = 0; wait(&status) > 0;)
    worst = WIFEXITED(status) && WEXITSTATUS(status) == 0 ? worst : 1;
  return worst;
}

int run_kills(const Options& options) {
  pin();
  Simulator simulator;
  const Watch watch;
  std::uint64_t sites = 0;
  std::uint64_t kills = 0;
  int failed = 0;
  for (std::uint64_t seed = options.from; watch.seconds() < options.kills_for; ++seed, ++sites) {
    for (int call = 1;; ++call) {
      bool struck = false;
      for (const Fault how : {Fault::DiesBefore, Fault::DiesAfter, Fault::DiesLate}) {
        const Report report =
            simulator.run(seed, {.kill_at = call, .kill_how = how, .plain = options.plain});
        struck = struck || !report.faults.empty();
        ++kills;
        if (report.violation && ++failed <= kMostFailures)
          say(fmt::format("site {}, killed at {}: {}", seed, report.faults.front(),
                          *report.violation));
      }
      if (!struck || watch.seconds() > options.kills_for)
        break;
    }
  }
  say(fmt::format("{} sites, {} kills, {} failed", sites, kills, failed));
  return failed == 0 ? 0 : 1;
}

int run_these(const Options& options) {
  Simulator simulator;
  int failed = 0;
  for (const std::uint64_t seed : options.these) {
    for (const bool plain : {false, true}) {
      const Report report = simulator.run(seed, {.plain = plain});
      if (!report.violation)
        continue;
      say(fmt::format("seed {}{}: {}", seed, plain ? ", plain" : "", *report.violation));
      ++failed;
    }
  }
  say(fmt::format("{} seeds, {} failed", options.these.size(), failed));
  return failed == 0 ? 0 : 1;
}

int run_twice(const Options& options) {
  Simulator one;
  Simulator other;
  for (std::uint64_t seed = options.from; seed < options.from + options.twice; ++seed) {
    const Report first = one.run(seed);
    const Report second = other.run(seed, {.traced = true});
    if (first.digest != second.digest || first.calls != second.calls) {
      say(fmt::format("seed {} does not do the same twice", seed));
      return 1;
    }
  }
  say(fmt::format("{} seeds do the same twice", options.twice));
  return 0;
}

int run_trace(const Options& options) {
  Simulator simulator;
  print_trace(simulator, options.trace, options.plain);
  return simulator.run(options.trace, {.plain = options.plain}).violation ? 1 : 0;
}

// Of the mutants, one in `options.jobs`.
int run_mutants(const Options& options, std::uint64_t job) {
  int missed = 0;
  for (std::size_t at = job; at < mutant_names().size(); at += options.jobs) {
    const std::string& name = mutant_names()[at];
    if (!options.mutant.empty() && name != options.mutant)
      continue;
    activate_mutant(name);
    pin();
    Simulator simulator;
    std::optional<std::string> found;
    std::uint64_t seed = options.from;
    for (; seed < options.from + options.mutants && !found; ++seed) {
      found = simulator.run(seed).violation;
      if (!found)
        continue;
      activate_mutant("");  // A seed that fails anyway finds no mutant.
      if (simulator.run(seed).violation)
        found.reset();
      activate_mutant(name);
    }
    if (!found)
      ++missed;
    say(fmt::format("| {} | {} | {} |", name, found ? std::to_string(seed - 1) : "-",
                    found ? *found : "not found"));
  }
  return missed == 0 ? 0 : 1;
}

int run(const Options& options) {
  if (options.mutants != 0) {
    say("| mutant | found by seed | as |\n|---|---|---|");
    return run_jobs(options, run_mutants);
  }
  activate_mutant(options.mutant);
  if (options.trace != 0)
    return run_trace(options);
  if (!options.these.empty())
    return run_these(options);
  if (options.twice != 0)
    return run_twice(options);
  if (options.kills_for > 0)
    return run_kills(options);
  return run_jobs(options, run_seeds);
}

}  // namespace
}  // namespace encamp::simulation

int main(int argc, char** argv) {
  encamp::simulation::Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    const std::string value = i + 1 < argc ? argv[i + 1] : "";
    const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
    if (name == "--seeds")
      options.seeds = number;
    else if (name == "--from" && value == "random") {
      options.from = std::random_device()() + std::uint64_t{1};
      encamp::simulation::say(fmt::format("from seed {}", options.from));
    } else if (name == "--from")
      options.from = number;
    else if (name == "--these") {
      std::istringstream seeds(value);
      for (std::string seed; std::getline(seeds, seed, ',');)
        options.these.push_back(std::strtoull(seed.c_str(), nullptr, 10));
    } else if (name == "--jobs")
      options.jobs = std::max<std::uint64_t>(number, 1);
    else if (name == "--seconds")
      options.seconds = std::strtod(value.c_str(), nullptr);
    else if (name == "--kills-for")
      options.kills_for = std::strtod(value.c_str(), nullptr);
    else if (name == "--twice")
      options.twice = number;
    else if (name == "--trace")
      options.trace = number;
    else if (name == "--kind" && value == "plain")
      options.plain = true;
    else if (name == "--mutants")
      options.mutants = number;
    else if (name == "--mutant")
      options.mutant = value;
    else {
      std::fputs(("simulate: there is no option '" + name + "'\n").c_str(), stderr);
      return 2;
    }
  }
  return encamp::simulation::run(options);
}
