// `for_each` and `count` of nodes, resources and software items, and what is in nodes.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/description/expression.h"
#include "tests/support/described.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

const std::string kHead =
    "encamp: 1\nsite: lab\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n";

test::Described site(const std::string& rest,
                     const std::map<std::string, std::string>& files = {}) {
  return test::describe("lab.yaml", kHead + rest, test::typed_registry(), test::MapLoader(files));
}

Value output(const test::Described& described, const std::string& name) {
  return std::ranges::find(described.site->outputs, name, &Output::name)->value;
}

const Value& property(const test::Described& described, const Address& address,
                      const std::string& name) {
  return described.site->find(address)->properties.at(name);
}

TEST(ForEach, MakesNodesThatKeepTheirNames) {
  const test::Described described = site(R"(
parameters:
  users: {type: mapping of string, default: {alice: Alice A, bob: Bob B}}
nodes:
  ui:
    for_each: ${{ parameters.users }}
    when: ${{ each.key != "carol" }}
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/motd
        content: ${{ each.value }} on ${{ node.name }}, ${{ index }} of ${{ length(nodes.ui) }}
  head: {for_each: [left, right], memory: 256 MiB, disk: 1 GiB}
outputs:
  names: ${{ nodes.ui[*].name }}
  keys: ${{ nodes.ui[*].key }}
  picked: ${{ nodes.ui["bob"].name }}
  by_name: ${{ nodes.ui-alice.index }}
  heads: ${{ [n.name for n in nodes.head] }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output(described, "names"), Value(Value::List{"ui-alice", "ui-bob"}));
  EXPECT_EQ(output(described, "keys"), Value(Value::List{"alice", "bob"}));
  EXPECT_EQ(output(described, "picked"), Value("ui-bob"));
  EXPECT_EQ(output(described, "by_name"), Value(1));
  EXPECT_EQ(output(described, "heads"), Value(Value::List{"head-left", "head-right"}));
  EXPECT_EQ(property(described, "nodes.ui-bob.software['file /etc/motd']", "content"),
            Value("Bob B on ui-bob, 2 of 2"));
}

TEST(ForEach, MakesItemsKnownByWhatTheyAreAbout) {
  const test::Described described = site(R"(
nodes:
  web:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/users/${{ each.key }}
        for_each: {alice: 1, bob: 2}
        content: ${{ each.key }} ${{ each.value }}
      - file: /etc/hosts.d/${{ each.key }}
        name: known
        for_each: ${{ nodes.worker }}
        content: ${{ each.value.address }} ${{ each.value.name }}
      - package: ${{ each.value }}
        for_each: [less, curl]
      - command: echo ${{ index }}
        name: three
        count: 3
      - service: daemon
        restarts_with: [known, /etc/users/]
        needs: [node.software.three]
  worker: {count: 2, memory: 256 MiB, disk: 1 GiB}
outputs:
  second: ${{ nodes.web.software.known["worker-2"].digest }}
  all: ${{ length(nodes.web.software.three) }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(property(described, "nodes.web.software['file /etc/users/bob']", "content"),
            Value("bob 2"));
  EXPECT_EQ(to_source(property(described, "nodes.web.software.known-worker-1", "content")),
            "${{ nodes.worker-1.address }} worker-1");
  EXPECT_NE(described.site->find("nodes.web.software['package curl']"), nullptr);
  EXPECT_EQ(property(described, "nodes.web.software.three-3", "run"), Value("echo 3"));
  const Resource& daemon = *described.site->find("nodes.web.software.daemon");
  EXPECT_EQ(daemon.needs.size(), 3U);
  EXPECT_EQ(daemon.properties.at("restarts_with").list().size(), 4U);
  EXPECT_EQ(to_source(output(described, "second")),
            "${{ nodes.web.software.known-worker-2.digest }}");
  EXPECT_EQ(output(described, "all"), Value(3));
}

TEST(ForEach, MakesResourcesAndVolumes) {
  const test::Described described = site(R"(
resources:
  key: {for_each: '${{ nodes.ui }}', secret: {bytes: 32}}
  spare: {when: false, secret: {}}
volumes:
  home: {for_each: '${{ nodes.ui }}', size: 1 GiB}
nodes:
  ui:
    for_each: [alice, bob]
    memory: 256 MiB
    disk: 1 GiB
    resources:
      own: {secret: {bytes: 16}}
    mounts: {/home: '${{ volumes.home[node.key] }}'}
    software:
      - file: /etc/key
        content: ${{ resources.key[node.key].value }} ${{ node.resources.own.value }}
outputs:
  spare: ${{ resources.spare == null }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_NE(described.site->find("resources.key-alice"), nullptr);
  EXPECT_EQ(property(described, "nodes.ui-bob.resources.own", "bytes"), Value(16));
  EXPECT_EQ(property(described, "nodes.ui-bob", "mounts").find("/home")->reference(),
            "volumes.home-bob");
  EXPECT_TRUE(described.site->find("nodes.ui-bob.resources.own")->node.empty());
  EXPECT_EQ(to_source(property(described, "nodes.ui-bob.software['file /etc/key']", "content")),
            "${{ resources.key-bob.value }} ${{ nodes.ui-bob.resources.own.value }}");
  EXPECT_EQ(output(described, "spare"), Value(true));
}

TEST(NodesOwnTests, RunOnEachCopyBeforeTheSites) {
  const test::Described described = site(R"(
prototypes:
  tested:
    memory: 256 MiB
    disk: 1 GiB
    tests:
      answers: {run: 'echo ${{ node.name }}', expect: {output: '${{ node.name }}'}}
nodes:
  web: {extends: tested, count: 2}
tests:
  whole: {node: web-1, run: 'true', needs: [nodes.web-2.tests.answers]}
)");

  ASSERT_TRUE(described.site) << described.messages();
  const std::vector<encamp::Test>& tests = described.site->tests;
  ASSERT_EQ(tests.size(), 3U);
  EXPECT_EQ(tests[1].address, "nodes.web-2.tests.answers");
  EXPECT_EQ(tests[1].nodes, std::vector<Address>{"nodes.web-2"});
  EXPECT_EQ(tests[1].command.at("run"), Value("echo web-2"));
  EXPECT_EQ(tests[2].needs.front().address, "nodes.web-2.tests.answers");
}

TEST(Templates, AreTextWithReferencesOfThePlaceThatNamesThem) {
  const test::Described described = site(R"(
nodes:
  web:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/a
        template: ./a.conf
      - file: /etc/b
        content: "<${{ template('inner.conf') }}>"
      - file: /etc/c
        source: raw.bin
)",
                                         {{"/site/a.conf",
                                           "{% for n in nodes %}\n"
                                           "server ${{ n.address }}; ${{ template(\"inner.conf\") "
                                           "}}\n{% end %}\n"},
                                          {"/site/inner.conf", "${{ node.name }}"},
                                          {"/site/raw.bin", "${{ not read }}\xFF"}});

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(to_source(property(described, "nodes.web.software['file /etc/a']", "content")),
            "server ${{ nodes.web.address }}; web\n");
  EXPECT_EQ(property(described, "nodes.web.software['file /etc/b']", "content"), Value("<web>"));
  EXPECT_EQ(property(described, "nodes.web.software['file /etc/c']", "content"),
            Value("${{ not read }}\xFF"));
  EXPECT_FALSE(
      described.site->find("nodes.web.software['file /etc/a']")->properties.contains("template"));
}

TEST(Images, ExtendEachOtherAndTakePackagesAsSoftware) {
  const test::Described described = test::describe("lab.yaml", R"(
encamp: 1
site: lab
networks: {lan: {}}
images:
  debian: {debian: bookworm, packages: less}
  web:
    extends: debian
    software:
      - package: [nginx, curl]
nodes:
  a: {image: web, memory: 256 MiB, disk: 1 GiB}
)",
                                                   test::typed_registry());

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(described.site->find("images.web")->properties.at("packages"),
            Value(Value::List{"less", "nginx", "curl"}));
  EXPECT_EQ(described.site->find("images.web")->properties.at("debian"), Value("bookworm"));
}

TEST(Images, HaveTheirItemsInThemselvesThoseOfTheExtendedFirst) {
  const test::Described described = test::describe("lab.yaml", R"(
encamp: 1
site: lab
networks: {lan: {}}
images:
  base:
    debian: bookworm
    software:
      - file: /etc/x
        content: of ${{ site.name }}
  web:
    extends: base
    software:
      - package: curl
        version: "1"
      - command: make
        timeout: 5 s
nodes:
  a: {image: web, memory: 256 MiB, disk: 1 GiB}
)",
                                                   test::typed_registry());

  ASSERT_TRUE(described.site) << described.messages();
  const Value::List items = described.site->find("images.web")->properties.at("software").list();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(items[0].find("properties")->find("content")->text(), "of lab");
  EXPECT_EQ(items[1].find("component")->text(), "package");
  EXPECT_EQ(items[2].find("timeout")->integer(), 5000);
  EXPECT_EQ(described.site->resources.size(), 4U);  // The items are no resources.
}

TEST(Checks, HoldOrSayTheirMessage) {
  const std::string nodes = "nodes:\n  a: {memory: 256 MiB, disk: 1 GiB, count: 3}\n";

  const test::Described good = site(nodes +
                                    "checks:\n"
                                    "  - that: ${{ sum(nodes[*].memory) <= 768 MiB }}\n");
  const test::Described bad =
      site(nodes +
           "checks:\n"
           "  - that: ${{ sum(nodes[*].memory) <= 512 MiB }}\n"
           "    message: at most 512 MiB, for ${{ length(nodes) }} nodes\n");

  EXPECT_TRUE(good.site) << good.messages();
  ASSERT_FALSE(bad.site);
  EXPECT_EQ(bad.diagnostics.all().front().code, "check-failed");
  EXPECT_EQ(bad.diagnostics.all().front().summary, "at most 512 MiB, for 3 nodes");
}

TEST(Settings, OfTheCommandLineCountMoreThanThoseOfAFileOrTheEnvironment) {
  Diagnostics diagnostics;
  const auto file = std::make_shared<const SourceFile>("p.yaml", "b: file\nc: ['${{ x }}']\n");
  const std::optional<Tree> tree = read_tree(file, diagnostics);
  const auto from_file = [&](const std::string& name) {
    const Tree::Entry& entry = *tree->find(name);
    return Setting{.name = name,
                   .value = entry.value.text,
                   .from = Setting::From::File,
                   .tree = entry.value,
                   .key = entry.where};
  };
  const ResolveOptions options{
      .settings = {{.name = "A_1", .value = "variable", .from = Setting::From::Variable},
                   {.name = "B", .value = "variable", .from = Setting::From::Variable},
                   {.name = "OTHER", .value = "variable", .from = Setting::From::Variable},
                   from_file("b"),
                   from_file("c"),
                   {.name = "d", .value = "option"}}};

  const test::Described described =
      test::describe("lab.yaml", kHead + R"(
parameters:
  a-1: {type: string}
  b: {type: string}
  c: {type: list of string}
  d: {type: string, default: x}
outputs: {all: '${{ [parameters.a-1, parameters.b, parameters.c, parameters.d] }}'}
)",
                     test::typed_registry(), test::MapLoader(), options);

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(output(described, "all"),
            Value(Value::List{"variable", "file", Value::List{"${{ x }}"}, "option"}));
}

TEST(SecretParameters, AreSecretInWhatContainsThem) {
  const ResolveOptions options{.settings = {{.name = "password", .value = "hunter2"}}};

  const test::Described described =
      test::describe("lab.yaml", kHead + R"(
parameters:
  password: {type: string, secret: true}
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    software:
      - file: /etc/password
        content: admin:${{ parameters.password }}
)",
                     test::typed_registry(), test::MapLoader(), options);

  ASSERT_TRUE(described.site) << described.messages();
  const Value& content = property(described, "nodes.a.software['file /etc/password']", "content");
  ASSERT_TRUE(content.is_secret());
  EXPECT_EQ(content.text(), "admin:hunter2");
  EXPECT_EQ(to_json(content).find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace encamp
