// A bound site of small components and all that carrying it out needs: for tests of runs.
//
//     networks.lan <── nodes.web <── file /etc/motd <── hello       nodes.web, nodes.db
//     storage      <──┘   (nodes.db likewise, with a command `hello` of its own)
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/plan/plan.h"
#include "engine/run/deployment.h"
#include "engine/run/thread_executor.h"
#include "tests/support/fake_world.h"
#include "tests/support/memory_journal.h"

namespace encamp::test {

class RecordedEvents : public Events {
 public:
  void on(const Event& event) override;
  std::vector<Event> of(Event::Kind kind) const;
  std::vector<Event> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Event> all_;
};

class RecordedReport : public Report {
 public:
  void keep(const std::string& path, std::string_view bytes) override;
  /// What was kept under `path`; empty when nothing was.
  std::string at(const std::string& path) const;
  std::map<std::string, std::string> all() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> all_;
};

/// Nodes `web` (10.1.0.2) and `db` (10.1.0.3), each with a file and a command.
BoundGraph small_site(const std::string& deployment_id);

class SmallSite {
 public:
  SmallSite();

  FakeWorld world;
  MemoryJournal journal{world.faults};
  Registry registry;
  RecordedEvents events;
  RecordedReport evidence;
  std::stop_source stop;
  BoundGraph bound = small_site(kId);
  std::vector<Test> tests;
  std::vector<Output> outputs;

  /// As a program would in a process of its own.
  Outcome run_up();
  Outcome run_down();
  Plan plan() { return make_plan(bound, registry, journal.records()); }
  /// `use(environment)` in a process of its own: executor and connections end with it.
  template <typename Use>
  auto in_process(Use use) {
    Connections connections(world);
    ThreadExecutor executor;  // Ends before the connections.
    Environment environment{.world = world,
                            .journal = journal,
                            .registry = registry,
                            .executor = executor,
                            .events = events,
                            .connections = connections,
                            .evidence = evidence,
                            .stop = stop.get_token()};
    return use(environment);
  }

  /// The resource at `address`, to be changed.
  Resource& resource(const Address& address);
  std::optional<Record> record(const Address& address);

  static constexpr const char* kId = "3d8f1f0e-0000-4000-8000-000000000001";
};

}  // namespace encamp::test
