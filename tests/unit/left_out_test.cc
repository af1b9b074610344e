// What `when`, `null` and references to copies leave out or stand for.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/described.h"
#include "tests/support/typed_registry.h"

namespace encamp {
namespace {

test::Described site_of(const std::string& rest) {
  return test::describe(
      "lab.yaml",
      "encamp: 1\nsite: lab\nnetworks: {lan: {}}\nimages: {debian: {debian: bookworm}}\n" + rest,
      test::typed_registry(), test::MapLoader());
}

std::vector<Address> needs_of(const test::Described& described, const Address& address) {
  std::vector<Address> needs;
  for (const Need& need : described.site->find(address)->needs)
    needs.push_back(need.address);
  return needs;
}

TEST(LeftOut, TakesTheNeedsOnItAndOnWhatIsInItAlong) {
  const test::Described described = site_of(R"(
nodes:
  gone: {when: false, memory: 256 MiB, disk: 1 GiB, software: [{command: x, name: x}]}
  some:
    count: 2
    memory: 256 MiB
    disk: 1 GiB
    software: [{command: y, name: y, when: '${{ index == 2 }}'}]
  here:
    memory: 256 MiB
    disk: 1 GiB
    needs: [nodes.gone]
    software:
      - command: z
        name: z
        needs:
          - nodes.gone.software.x
          - nodes.gone
          - nodes.some[*].software.y
          - nodes["gone"].software["x"]
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(needs_of(described, "nodes.here"), std::vector<Address>());
  EXPECT_EQ(needs_of(described, "nodes.here.software.z"),
            std::vector<Address>{"nodes.some-2.software.y"});
}

TEST(LeftOut, IsAsIfNothingWereWrittenWhereNothingNeedBe) {
  const test::Described described = site_of(R"(
volumes: {v: {size: 1 GiB, when: false}}
prototypes:
  p:
    attributes:
      one: {type: node}
      other: {type: node}
      members: {type: list of node}
      instead: {type: node, default: here}
nodes:
  gone: {when: false, memory: 256 MiB, disk: 1 GiB}
  here:
    extends: p
    one: gone
    other: ${{ nodes.gone }}
    members: [gone, here, '${{ nodes.gone }}']
    instead: gone
    memory: 256 MiB
    disk: 1 GiB
    mounts: {/a: v, /b: '${{ volumes.v }}'}
    software:
      - {file: /etc/x, content: x, when: false}
      - {command: make, name: make, when: false}
      - {service: s, restarts_with: [/etc/x, make]}
outputs:
  one: ${{ nodes.here.one == null and nodes.here.other == null }}
  members: ${{ nodes.here.members[*].name }}
  instead: ${{ nodes.here.instead.name }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(described.site->outputs[0].value, Value(true));
  EXPECT_EQ(described.site->outputs[1].value, Value(Value::List{"here"}));
  EXPECT_EQ(described.site->outputs[2].value, Value("here"));
  EXPECT_EQ(described.site->find("nodes.here")->properties.at("mounts"), Value(Value::Mapping()));
  EXPECT_EQ(described.site->find("nodes.here.software.s")->properties.at("restarts_with"),
            Value(Value::List()));
}

TEST(ListsOfNodes, TakeAReferenceToCopiesAsTheirBareName) {
  const test::Described described = site_of(R"(
prototypes:
  head: {attributes: {members: {type: list of node}}}
nodes:
  worker: {count: 2, memory: 256 MiB, disk: 1 GiB}
  bare: {extends: head, members: [bare, worker], memory: 256 MiB, disk: 1 GiB}
  referred:
    extends: head
    members: [bare, '${{ nodes.worker }}', '${{ nodes.bare }}']
    memory: 256 MiB
    disk: 1 GiB
outputs:
  bare: ${{ nodes.bare.members[*].name }}
  referred: ${{ nodes.referred.members[*].name }}
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(described.site->outputs[0].value, Value(Value::List{"bare", "worker-1", "worker-2"}));
  EXPECT_EQ(described.site->outputs[1].value,
            Value(Value::List{"bare", "worker-1", "worker-2", "bare"}));
}

TEST(NullInAMapping, IsAsIfTheKeyWereNotWritten) {
  const test::Described described = site_of(R"(
prototypes:
  p: {software: [{command: x, name: x, environment: {A: a, B: b}}]}
nodes:
  a:
    extends: p
    memory: 256 MiB
    disk: 1 GiB
    software: [{command: x, name: x, environment: {B: null, C: ~, D: d}}]
)");

  ASSERT_TRUE(described.site) << described.messages();
  EXPECT_EQ(described.site->find("nodes.a.software.x")->properties.at("environment"),
            Value(Value::Mapping{{"A", "a"}, {"D", "d"}}));
}

TEST(Places, OfNodesReachIntoTheirMappings) {
  const test::Described described = site_of(R"(
nodes:
  a:
    memory: 256 MiB
    disk: 1 GiB
    networks: {lan: {address: 10.0.0.5}}
)");

  ASSERT_TRUE(described.site) << described.messages();
  const Resource& node = *described.site->find("nodes.a");
  EXPECT_EQ(node.place("networks.lan.address").column, 31);
  EXPECT_EQ(node.place("networks.lan.other").column, 15);
  EXPECT_EQ(node.place("networks.wan").column, 15);
  EXPECT_EQ(node.place("nothing").column, 3);
}

}  // namespace
}  // namespace encamp
