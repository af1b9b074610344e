// Parameters, prototypes, includes, copies and loops, from text to site.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/description/expression.h"
#include "engine/description/resolve.h"
#include "tests/support/described.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

const std::string kLabHead =
    "encamp: 1\nsite: lab\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n";

test::Described lab_site(const std::string& rest,
                         const std::map<std::string, std::string>& files = {},
                         const ResolveOptions& options = {}) {
  return test::describe("lab.yaml", kLabHead + rest, test::typed_registry(), test::MapLoader(files),
                        options);
}

const Value& property_at(const test::Described& described, const Address& address,
                         const std::string& name) {
  return described.site->find(address)->properties.at(name);
}

std::vector<std::string> items_of(const Site& site, const Address& node) {
  std::vector<std::string> names;
  for (const Resource& resource : site.resources) {
    if (resource.node == node)
      names.push_back(last_name(resource.address));
  }
  return names;
}

Value output_named(const test::Described& described, const std::string& name) {
  const auto found = std::ranges::find(described.site->outputs, name, &Output::name);
  return found->value;
}

TEST(Parameters, AreTypedAndMayReferToEachOther) {
  const test::Described described =
      lab_site(R"(
parameters:
  twice: {type: integer, default: '${{ 2 * parameters.workers }}'}
  workers: {type: integer, default: 2, range: [1, 64]}
  users: {type: list of string, default: [alice]}
outputs:
  all: ${{ [parameters.twice, parameters.workers, parameters.users] }}
)",
               {}, {.settings = {{"workers", "3"}, {"users", "[a, b]"}}});

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output_named(described, "all"), Value(Value::List{6, 3, Value::List{"a", "b"}}));
}

TEST(Parameters, OfTheCommandLineHoldNoReferences) {
  const test::Described described = lab_site(R"(
parameters:
  motd: {type: string}
outputs: {motd: '${{ parameters.motd }}'}
)",
                                             {}, {.settings = {{"motd", "a ${{ site.name }}"}}});

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output_named(described, "motd"), Value("a ${{ site.name }}"));
}

TEST(Prototypes, MergeDeeplyFromLeftToRight) {
  const test::Described described = lab_site(R"(
prototypes:
  base:
    memory: 256 MiB
    disk: 1 GiB
    cpus: 2
    software:
      - package: [one, two]
      - file: /etc/x
        content: base
        owner: daemon
        mode: "0600"
      - service: daemon
        ready: {port: 1, timeout: 5 s}
  left: {extends: base, cpus: 3, memory: 300 MiB}
  right:
    extends: base
    memory: 400 MiB
    software:
      - package: right
nodes:
  web:
    extends: [left, right]
    cpus: null
    software:
      - file: /etc/x
        content: mine
        mode: null
      - file: /etc/y
        content: y
        before: daemon
      - service: daemon
        ready: {port: 2}
      - package: one, two
        when: false
      - package: last
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property_at(described, "nodes.web", "memory"), Value(Bytes::mebi(400)));
  EXPECT_EQ(property_at(described, "nodes.web", "cpus"), Value(1));
  EXPECT_EQ(items_of(*described.site, "nodes.web"),
            (std::vector<std::string>{"file /etc/x", "file /etc/y", "daemon", "package right",
                                      "package last"}));
  const Address file = "nodes.web.software['file /etc/x']";
  EXPECT_EQ(property_at(described, file, "content"), Value("mine"));
  EXPECT_EQ(property_at(described, file, "owner"), Value("daemon"));
  EXPECT_EQ(property_at(described, file, "mode"), Value("0644"));
  const Value& ready = property_at(described, "nodes.web.software.daemon", "ready");
  EXPECT_EQ(ready.find("port")->integer(), 2);
  EXPECT_EQ(ready.find("timeout")->duration(), Duration(5000));
}

TEST(Prototypes, AreResolvedInTheExtendersPlace) {
  const test::Described described = lab_site(R"(
prototypes:
  greeter:
    attributes:
      peer: {type: node, required: true}
      word: {type: string, default: 'hello ${{ node.peer.name }}'}
      room: {type: size, default: 1 GiB}
    memory: 256 MiB
    disk: ${{ 2 * node.room }}
    software:
      - file: /etc/greeting
        content: ${{ node.word }} from ${{ node.name }}
      - command: echo ${{ node.peer.address }}
        name: late
nodes:
  a: {extends: greeter, peer: b}
  b: {extends: greeter, peer: '${{ nodes.a }}', room: 2 GiB, word: hi}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property_at(described, "nodes.a.software['file /etc/greeting']", "content"),
            Value("hello b from a"));
  EXPECT_EQ(property_at(described, "nodes.b.software['file /etc/greeting']", "content"),
            Value("hi from b"));
  EXPECT_EQ(property_at(described, "nodes.b", "disk"), Value(Bytes::gibi(4)));
  EXPECT_EQ(to_source(property_at(described, "nodes.a.software.late", "run")),
            "echo ${{ nodes.b.address }}");
  EXPECT_FALSE(described.site->find("nodes.a")->properties.contains("peer"));
}

TEST(Copies, AreNodesOfTheirOwn) {
  const test::Described described = lab_site(R"(
parameters: {workers: {type: integer, default: 3}}
nodes:
  worker:
    count: ${{ parameters.workers }}
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/number
        content: ${{ index }} of ${{ length(nodes.worker) }}
      - service: daemon
  none: {count: 0, memory: 256 MiB, disk: 1 GiB}
  head:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - command: echo
        needs:
          - nodes.worker[*].software.daemon
          - nodes.none
tests:
  all: {nodes: [worker, head], run: hostname}
outputs:
  names: ${{ nodes.worker[*].name }}
  first: ${{ nodes.worker[0].name }} ${{ nodes.worker-2.index }}
  none: ${{ length(nodes.none) }}
  all: ${{ length(nodes) }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output_named(described, "names"),
            Value(Value::List{"worker-1", "worker-2", "worker-3"}));
  EXPECT_EQ(output_named(described, "first"), Value("worker-1 2"));
  EXPECT_EQ(output_named(described, "none"), Value(0));
  EXPECT_EQ(output_named(described, "all"), Value(4));
  EXPECT_EQ(property_at(described, "nodes.worker-3.software['file /etc/number']", "content"),
            Value("3 of 3"));
  EXPECT_EQ(described.site->find("nodes.head.software['command echo']")->needs.size(), 3U);
  EXPECT_EQ(described.site->tests.front().nodes.size(), 4U);
}

TEST(Copies, MayBeLeftOut) {
  const test::Described described = lab_site(R"(
nodes:
  a: {memory: 256 MiB, disk: 1 GiB, when: false}
  b:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - command: echo
        needs: [nodes.a]
      - service: x
        when: ${{ length(nodes) > 1 }}
outputs:
  nodes: ${{ length(nodes) }}
  a: ${{ nodes.a == null }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output_named(described, "nodes"), Value(1));
  EXPECT_EQ(output_named(described, "a"), Value(true));
  EXPECT_EQ(items_of(*described.site, "nodes.b"), std::vector<std::string>{"command echo"});
}

TEST(Loops, FindNodesByWhatTheyExtend) {
  const test::Described described = lab_site(R"(
prototypes:
  member: {memory: 256 MiB, disk: 1 GiB}
  head:
    extends: member
    attributes:
      workers:
        type: list of node
        default: ${{ [n for n in nodes if n is worker and n.head == node] }}
  worker:
    extends: member
    attributes: {head: {type: node, required: true}}
nodes:
  one: {extends: head}
  two: {extends: head}
  w: {extends: worker, count: 2, head: one}
  v: {extends: worker, head: two}
outputs:
  one: ${{ nodes.one.workers[*].name }}
  two: ${{ [w.name + "." + m.name for m in [nodes.two] for w in m.workers] }}
  others: ${{ [n.name for n in nodes if n is not worker] }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output_named(described, "one"), Value(Value::List{"w-1", "w-2"}));
  EXPECT_EQ(output_named(described, "two"), Value(Value::List{"v.two"}));
  EXPECT_EQ(output_named(described, "others"), Value(Value::List{"one", "two"}));
}

TEST(Loops, RepeatAndChooseLinesOfText) {
  const test::Described described = lab_site(R"(
parameters:
  users: {type: mapping of string, default: {alice: Alice A, bob: Bob B}}
nodes:
  web:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/x
        content: |
          begin
          {% for n in nodes %}
            {% if n.cpus > 1 %}
          big ${{ n.name }}
            {% else %}
          small ${{ n.name }} ${{ n.address }}
            {% end %}
          {% end %}
          {% for login, name in parameters.users %}
          ${{ login }}=${{ name }}
          {% end %}
          a literal ${{ "{%" }}
  big: {memory: 256 MiB, disk: 1 GiB, cpus: 2}
)");

  ASSERT_TRUE(described.site) << described.messages();
  const Lookup lookup = [](const Address&, const std::string&) { return Value("10.0.0.7"); };
  EXPECT_EQ(settle(property_at(described, "nodes.web.software['file /etc/x']", "content"), lookup),
            Value("begin\nsmall web 10.0.0.7\nbig big\nalice=Alice A\nbob=Bob B\na literal {%\n"));
}

TEST(Include, KeepsTheChecksOfEachFile) {
  const std::map<std::string, std::string> files = {
      {"/library/a.yaml", "encamp: 1\nchecks: [{that: '${{ 1 > 2 }}', message: of a}]\n"},
      {"/library/b.yaml", "encamp: 1\nchecks: [{that: '${{ 1 > 2 }}', message: of b}]\n"}};

  const test::Described described =
      lab_site("include: [a, b]\nchecks: [{that: '${{ 1 > 2 }}', message: of the site}]\n", files);

  for (const char* message : {"of a", "of b", "of the site"})
    EXPECT_NE(described.messages().find(message), std::string::npos) << described.messages();
}

TEST(Include, JoinsFilesAndLaysTheSiteOverThem) {
  const std::map<std::string, std::string> files = {
      {"/library/os/debian.yaml",
       "encamp: 1\nimages: {small: {debian: bookworm, packages: [less]}}\n"
       "prototypes: {machine: {image: small, disk: 4 GiB}}\n"},
      {"/library/web.yaml",
       "encamp: 1\ninclude: [os/debian]\nabout: x\n"
       "prototypes:\n  web:\n    extends: machine\n    software: [{package: nginx}]\n"},
      {"/site/local.yaml",
       "encamp: 1\nsite: x\ninclude: os/debian\ntests: {t: {node: a, run: 'true'}}\n"}};
  const test::Described described = lab_site(R"(
include: [web, ./local.yaml, os/debian]
prototypes:
  web:
    memory: 300 MiB
    software: [{package: curl}]
nodes:
  a: {extends: web}
)",
                                             files);

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property_at(described, "nodes.a", "image"), Value(Reference{"images.small"}));
  EXPECT_EQ(property_at(described, "nodes.a", "memory"), Value(Bytes::mebi(300)));
  EXPECT_EQ(items_of(*described.site, "nodes.a"),
            (std::vector<std::string>{"package nginx", "package curl"}));
  EXPECT_EQ(described.site->tests.size(), 1U);
}

TEST(Library, MakesASlurmCluster) {
  const std::string text = R"(
encamp: 1
site: cluster
include: [batch/slurm]
networks: {lan: {}}
nodes:
  head: {extends: slurm.controller, memory: 512 MiB}
  worker: {extends: slurm.worker, count: 2, controller: '${{ nodes.head }}', memory: 512 MiB}
)";

  const test::Described described =
      test::describe("cluster.yaml", text, test::typed_registry(),
                     test::MapLoader(test::library(ENCAMP_SOURCE_DIR)));

  ASSERT_TRUE(described.site) << described.messages();
  const auto slurm_conf = [&](const std::string& node) {
    const Lookup lookup = [](const Address& address, const std::string&) {
      return Value("address of " + last_name(address));
    };
    return settle(
               property_at(described, "nodes." + node + ".software['file /etc/slurm/slurm.conf']",
                           "content"),
               lookup)
        .text();
  };
  EXPECT_EQ(slurm_conf("head"), slurm_conf("worker-2"));
  EXPECT_NE(slurm_conf("head").find("SlurmctldHost=head(address of head)\n"), std::string::npos);
  EXPECT_NE(slurm_conf("head").find(
                "\nNodeName=worker-1 NodeAddr=address of worker-1 CPUs=1 RealMemory=400 "
                "State=UNKNOWN\nNodeName=worker-2 NodeAddr=address of worker-2 CPUs=1 "
                "RealMemory=400 State=UNKNOWN\nPartitionName=batch Nodes=worker-1,worker-2 "),
            std::string::npos)
      << slurm_conf("head");
  EXPECT_EQ(described.site->find("nodes.worker-2.software.slurmd")->needs.front().address,
            "nodes.head.software.slurmctld");
}

TEST(Resources, OfASiteAreKnownLater) {
  const test::Described described = lab_site(R"(
resources:
  key: {secret: {bytes: 64}}
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/key
        content: ${{ resources.key.value }}
        needs: [resources.key]
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property_at(described, "resources.key", "bytes"), Value(64));
  const Resource& file = *described.site->find("nodes.a.software['file /etc/key']");
  EXPECT_EQ(pending_references(file.properties.at("content")).front().address, "resources.key");
  EXPECT_EQ(file.needs.front().address, "resources.key");
}

TEST(RestartsWith, NamesItemsAbove) {
  const test::Described described = lab_site(R"(
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/x/one
        content: x
      - file: /etc/x/two
        content: x
      - file: /etc/y
        name: why
        content: x
      - directory: /etc/x
      - service: daemon
        restarts_with: [/etc/x/, /etc/x/one, why]
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property_at(described, "nodes.a.software.daemon", "restarts_with"),
            Value(Value::List{Reference{"nodes.a.software['file /etc/x/one']"},
                              Reference{"nodes.a.software['file /etc/x/two']"},
                              Reference{"nodes.a.software.why"}}));
}

TEST(DirectoryWithSource, IsWhatAServiceRestartsWith) {
  const test::MapLoader files({{"/site/tree/a", "one"}, {"/site/tree/b/c", "two"}});

  const test::Described described = test::describe("lab.yaml", R"(encamp: 1
site: lab
networks: {lan: {}}
images: {debian: {debian: bookworm}}
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - directory: /etc/x
        source: ./tree
      - directory: /etc/x/plain
      - service: daemon
        restarts_with: [/etc/x/]
)",
                                                   test::typed_registry(), files);

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property_at(described, "nodes.a.software.daemon", "restarts_with"),
            Value(Value::List{Reference{"nodes.a.software['directory /etc/x']"}}));
  EXPECT_EQ(
      file_tree_of(property_at(described, "nodes.a.software['directory /etc/x']", "source")),
      (FileTree{{"a", FileInTree::Kind::File, "one"}, {"b/c", FileInTree::Kind::File, "two"}}));
}

}  // namespace
}  // namespace encamp
