// A description and the world in memory that it is deployed in, with the components of the tree.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "components/command/command.h"
#include "components/directory/directory.h"
#include "components/file/file.h"
#include "components/image/image.h"
#include "components/network/network.h"
#include "components/node/node.h"
#include "components/package/package.h"
#include "components/secret/secret.h"
#include "components/service/service.h"
#include "components/storage/storage.h"
#include "engine/graph/compile.h"
#include "engine/run/deployment.h"
#include "engine/run/observe.h"
#include "engine/run/site_tests.h"
#include "engine/run/thread_executor.h"
#include "engine/state/secrets.h"
#include "tests/support/described.h"
#include "tests/support/fake_world.h"
#include "tests/support/memory_journal.h"
#include "tests/support/small_site.h"

namespace encamp::test {

inline Registry real_registry() {
  Registry registry;
  registry.add(std::make_unique<CommandComponent>());
  registry.add(std::make_unique<DirectoryComponent>());
  registry.add(std::make_unique<FileComponent>());
  registry.add(std::make_unique<PackageComponent>());
  registry.add(std::make_unique<ServiceComponent>());
  registry.add(make_image_component());
  registry.add(make_network_component());
  registry.add(make_node_component());
  registry.add(make_secret_component());
  registry.add(make_storage_component());
  return registry;
}

// One description and the world it is deployed in.
class Deployed {
 public:
  explicit Deployed(const std::string& text) : registry(real_registry()) {
    read(text);
    world.ports = {{80, "nginx"}};
    world.shell = [](FakeMachine& machine, const Command& command) {
      if (command.text.starts_with("curl "))
        return CommandResult{.output = machine.files.at("/var/www/html/index.html").content};
      return CommandResult{.output = command.text};
    };
  }

  template <typename Use>
  auto in_process(Use use) {
    Connections connections(world);
    ThreadExecutor executor;
    Environment environment{.world = world,
                            .journal = journal,
                            .registry = registry,
                            .executor = executor,
                            .events = events,
                            .connections = connections,
                            .evidence = evidence};
    return use(environment);
  }

  /// What `up` would do, after a look at the host, and inside the nodes with Look::Inside.
  enum class Look { Outside, Inside };
  Plan what_to_do(Look look = Look::Outside) {
    Diagnostics diagnostics;
    const Graph graph = compile(site, registry, diagnostics);
    const std::vector<Record> records =
        open_secrets(journal.records(), journal, find_secret_key(journal));
    const std::vector<HostOffer> hosts{{"here", world.here().inventory()}};
    const BoundGraph bound =
        bind(graph, {.deployment = kId, .records = records, .hosts = hosts, .reservations = {}},
             diagnostics);
    EXPECT_FALSE(diagnostics.has_errors());
    Observations seen = observe(records, hosts);
    if (look == Look::Inside)
      seen = in_process([&](Environment& environment) {
        return observe_inside(std::move(seen), journal.deployment().value(), environment);
      });
    return make_plan(bound, registry, records, seen);
  }

  Outcome run_up(Look look = Look::Outside) {
    plan = what_to_do(look);
    return in_process([&](Environment& environment) {
      return up(plan, {.name = site.name, .id = kId, .tests = site.tests, .outputs = site.outputs},
                environment);
    });
  }
  /// Another text of the same description.
  void read(const std::string& text) {
    Described described = describe("lab.yaml", text, registry);
    EXPECT_EQ(described.messages(), "");
    site = std::move(*described.site);
  }
  Outcome run_down() {
    return in_process([](Environment& environment) { return down(environment); });
  }
  TestRun run_site_tests(const std::vector<std::string>& names = {}) {
    return in_process(
        [&](Environment& environment) { return run_tests(names, collected, environment); });
  }

  static constexpr const char* kId = "3d8f1f0e-0000-4000-8000-000000000002";
  Registry registry;
  Site site;
  Plan plan;  ///< Of the last run_up().
  FakeWorld world;
  MemoryJournal journal{world.faults};
  RecordedEvents events;
  RecordedReport evidence;
  RecordedReport collected;
};

}  // namespace encamp::test
