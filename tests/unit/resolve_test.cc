#include "engine/description/resolve.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "engine/description/expression.h"
#include "tests/support/described.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

test::Described example(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(ENCAMP_SOURCE_DIR) / "examples" / name;
  return test::describe(name, test::text_of_file(path), test::typed_registry());
}

/// A site with one network, one image and the given rest.
test::Described site_with(const std::string& rest, const ResolveOptions& options = {}) {
  return test::describe("lab.yaml",
                        "encamp: 1\nsite: lab\nnetworks: {lan: {}}\n"
                        "images: {debian: {debian: bookworm}}\n" +
                            rest,
                        test::typed_registry(),
                        test::MapLoader(std::map<std::string, std::string>{{"/site/x.conf", "x"}}),
                        options);
}

std::vector<Address> addresses(const Site& site) {
  std::vector<Address> all;
  std::ranges::transform(site.resources, std::back_inserter(all), &Resource::address);
  return all;
}

const Value& property_of(const test::Described& described, const Address& address,
                         const std::string& name) {
  return described.site->find(address)->properties.at(name);
}

TEST(Resolve, MakesTheSiteOfHello) {
  const test::Described hello = example("hello.yaml");

  ASSERT_TRUE(hello.site) << hello.messages();
  EXPECT_EQ(hello.site->name, "hello");
  EXPECT_EQ(hello.site->domain, "hello.test");
  EXPECT_EQ(addresses(*hello.site),
            (std::vector<Address>{"networks.lan", "images.debian", "nodes.node",
                                  "nodes.node.software['package nginx-light, curl']",
                                  "nodes.node.software['file /var/www/html/index.html']",
                                  "nodes.node.software.nginx"}));
  const Resource& node = *hello.site->find("nodes.node");
  EXPECT_EQ(node.properties.at("image"), Value(Reference{"images.debian"}));
  EXPECT_EQ(node.properties.at("memory"), Value(Bytes::mebi(256)));
  EXPECT_EQ(node.properties.at("networks"), Value(Value::Mapping{{"lan", Value::Mapping{}}}));
  EXPECT_EQ(node.node, "");
  const Resource& nginx = *hello.site->find("nodes.node.software.nginx");
  EXPECT_EQ(nginx.node, "nodes.node");
  EXPECT_EQ(nginx.properties.at("ready").find("port")->integer(), 80);
}

TEST(Resolve, LeavesAnAddressInATextPending) {
  const test::Described hello = example("hello.yaml");

  const Value& content =
      property_of(hello, "nodes.node.software['file /var/www/html/index.html']", "content");

  ASSERT_TRUE(content.is_pending());
  EXPECT_EQ(to_source(content), "hello from node at ${{ nodes.node.address }}\n");
  const std::vector<AttributeReference> waits = pending_references(content);
  ASSERT_EQ(waits.size(), 1U);
  EXPECT_EQ(waits[0].address, "nodes.node");
  EXPECT_EQ(waits[0].attribute, "address");
  EXPECT_EQ(waits[0].where.line, 15);
  EXPECT_EQ(settle(content, [](const Address&, const std::string&) { return Value("10.0.0.2"); }),
            Value("hello from node at 10.0.0.2\n"));
}

TEST(Resolve, ReadsTestsAndOutputs) {
  const test::Described hello = example("hello.yaml");

  ASSERT_EQ(hello.site->tests.size(), 1U);
  const encamp::Test& page = hello.site->tests[0];
  EXPECT_EQ(page.address, "tests.page");
  EXPECT_EQ(page.nodes, std::vector<Address>{"nodes.node"});
  EXPECT_EQ(to_source(page.command.at("run")), "curl -sf http://${{ nodes.node.address }}/");
  EXPECT_EQ(page.expect.contains, std::vector<Value>{"hello from node"});
  ASSERT_EQ(hello.site->outputs.size(), 1U);
  EXPECT_EQ(hello.site->outputs[0].name, "url");
}

TEST(Resolve, ResolvesNeedsAcrossNodes) {
  const test::Described pair = example("pair.yaml");

  ASSERT_TRUE(pair.site) << pair.messages();
  const Resource* fetch = pair.site->find("nodes.client.software.fetch");
  ASSERT_NE(fetch, nullptr);
  ASSERT_EQ(fetch->needs.size(), 1U);
  EXPECT_EQ(fetch->needs[0].address, "nodes.server.software.nginx");
  EXPECT_EQ(pair.site->tests[0].expect.output, Value("this is server.pair.test"));
}

TEST(Resolve, AcceptsTheExampleOfAVirtualMachine) {
  const test::Described machine = example("virtual-machine.yaml");

  ASSERT_TRUE(machine.site) << machine.messages();
  EXPECT_EQ(property_of(machine, "nodes.node", "isolation"), Value("vm"));
}

TEST(Resolve, NamesTheDeploymentAndItsDomain) {
  const test::Described other = site_with("outputs: {name: '${{ site.name }}'}\n", {.name = "two"});

  ASSERT_TRUE(other.site) << other.messages();
  EXPECT_EQ(other.site->name, "two");
  EXPECT_EQ(other.site->domain, "two.test");
  EXPECT_EQ(other.site->outputs[0].value, Value("two"));

  const test::Described asked = site_with(
      "domain: '${{ parameters.zone }}'\nparameters: {zone: {type: string, default: "
      "'${{ site.name }}.example.org'}}\noutputs: {name: '${{ site.domain }}'}\n",
      {});

  ASSERT_TRUE(asked.site) << asked.messages();
  EXPECT_TRUE(asked.site->domain.ends_with(".example.org")) << asked.site->domain;
  EXPECT_EQ(asked.site->outputs[0].value, Value(asked.site->domain));
}

TEST(Resolve, EvaluatesPropertiesInWhateverOrderTheyStand) {
  const test::Described lab = site_with(R"(
nodes:
  small: {memory: '${{ nodes.big.memory // 2 }}', disk: 1 GiB}
  big: {memory: '${{ 2 * 512 MiB }}', disk: '${{ nodes.small.memory * 4 }}'}
)");

  ASSERT_TRUE(lab.site) << lab.messages();
  EXPECT_EQ(property_of(lab, "nodes.small", "memory"), Value(Bytes::mebi(512)));
  EXPECT_EQ(property_of(lab, "nodes.big", "disk"), Value(Bytes::gibi(2)));
}

TEST(Resolve, GivesNodesTheAddressesOfTheirNetworks) {
  const test::Described lab = site_with(R"(
nodes:
  a:
    memory: 64 MiB
    disk: 1 GiB
    networks: {lan: {address: 10.0.0.5}}
outputs:
  address: ${{ nodes.a.addresses.lan }}
  all: ${{ join(" ", nodes[*].address) }}
)");

  ASSERT_TRUE(lab.site) << lab.messages();
  EXPECT_EQ(property_of(lab, "nodes.a", "networks"),
            Value(Value::Mapping{{"lan", Value::Mapping{{"address", "10.0.0.5"}}}}));
  EXPECT_EQ(to_source(lab.site->outputs[0].value), "${{ nodes.a.addresses.lan }}");
  EXPECT_EQ(to_source(lab.site->outputs[1].value), "${{ nodes.a.address }}");
}

TEST(Resolve, KnowsASubnetThatIsWritten) {
  const test::Described lab = test::describe(
      "lab.yaml",
      "encamp: 1\nsite: lab\nnetworks: {lan: {subnet: 10.1.0.0/24}, wan: {subnet: auto}}\n"
      "outputs:\n  host: ${{ cidr_host(networks.lan.subnet, 5) }}\n  wan: ${{ networks.wan.subnet "
      "}}\n",
      test::typed_registry());

  ASSERT_TRUE(lab.site) << lab.messages();
  EXPECT_EQ(lab.site->outputs[0].value, Value("10.1.0.5"));
  EXPECT_TRUE(lab.site->outputs[1].value.is_pending());
}

TEST(Resolve, KnowsItemsByTheirNames) {
  const test::Described lab = site_with(R"(
nodes:
  a:
    memory: 64 MiB
    disk: 1 GiB
    software:
      - package: curl
      - package: curl
      - command: "true"
      - command: |
          #!/bin/sh
          echo ${{ node.name }}
        name: hello
      - command: one
        user: root
      - file: /etc/x
        group: daemon
)");

  ASSERT_TRUE(lab.site) << lab.messages();
  const std::vector<Address> all = addresses(*lab.site);
  EXPECT_EQ((std::vector<Address>{all.begin() + 3, all.end()}),
            (std::vector<Address>{
                "nodes.a.software['package curl']", "nodes.a.software['package curl (2)']",
                "nodes.a.software['command true']", "nodes.a.software.hello",
                "nodes.a.software['command one']", "nodes.a.software['file /etc/x']"}));
  EXPECT_EQ(property_of(lab, "nodes.a.software.hello", "run"), Value("#!/bin/sh\necho a\n"));
}

TEST(Resolve, ReadsWhatAllItemsHave) {
  const test::Described lab = site_with(R"(
nodes:
  a:
    memory: 64 MiB
    disk: 1 GiB
    needs: [nodes.b]
    software:
      - command: "true"
        timeout: 2 min
        retry: {times: 3, backoff: 5 s}
        needs:
          - node.software['file /etc/x']
          - nodes.b.software
      - {file: /etc/x, mode: 600, source: x.conf}
  b:
    memory: 64 MiB
    disk: 1 GiB
    software: [{package: curl}]
)");

  ASSERT_TRUE(lab.site) << lab.messages();
  const Resource& command = *lab.site->find("nodes.a.software['command true']");
  EXPECT_EQ(command.timeout, Duration(120'000));
  EXPECT_EQ(command.attempts, 3);
  EXPECT_EQ(command.backoff, Duration(5'000));
  ASSERT_EQ(command.needs.size(), 2U);
  EXPECT_EQ(command.needs[0].address, "nodes.a.software['file /etc/x']");
  EXPECT_EQ(command.needs[1].address, "nodes.b.software['package curl']");
  EXPECT_EQ(lab.site->find("nodes.a")->needs[0].address, "nodes.b");
  EXPECT_EQ(property_of(lab, "nodes.a.software['file /etc/x']", "mode"), Value("0600"));
  EXPECT_EQ(property_of(lab, "nodes.a.software['file /etc/x']", "content"), Value("x"));
}

TEST(Resolve, KeepsScalarsAsTheyAreWrittenWhereTextIsWanted) {
  const test::Described lab = site_with(R"(
nodes:
  a:
    memory: 64 MiB
    disk: 1 GiB
    software:
      - {package: curl, version: 12.10}
      - {file: /etc/x, content: yes}
)");

  ASSERT_TRUE(lab.site) << lab.messages();
  EXPECT_EQ(property_of(lab, "nodes.a.software['package curl']", "version"), Value("12.10"));
  EXPECT_EQ(property_of(lab, "nodes.a.software['file /etc/x']", "content"), Value("yes"));
}

}  // namespace
}  // namespace encamp
