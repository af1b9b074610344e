#include "engine/bind/bind.h"

#include <gtest/gtest.h>

#include "engine/bind/print.h"
#include "engine/bind/subnet.h"
#include "engine/description/expression_tree.h"
#include "engine/error.h"
#include "tests/support/golden.h"
#include "tests/support/test_registry.h"
#include "tests/support/test_site.h"

namespace encamp {
namespace {

using test::node;

class Bind : public ::testing::Test {
 protected:
  BoundGraph run(const Site& site) {
    BindInput input{.deployment = test::kDeployment,
                    .records = records_,
                    .hosts = hosts_,
                    .reservations = reservations_};
    return bind(test::compiled(site, registry_), input, diagnostics_);
  }

  // Of the only diagnostic.
  std::string code() const {
    return diagnostics_.all().size() == 1 ? diagnostics_.all().front().code : "not one diagnostic";
  }

  Registry registry_ = test::test_registry();
  std::vector<Record> records_;
  std::vector<HostOffer> hosts_{test::big_host()};
  std::vector<Reservation> reservations_;
  Diagnostics diagnostics_;
};

const Value& property(const BoundGraph& bound, const Address& address, const std::string& name) {
  return bound.graph.find(address)->properties.at(name);
}

std::string address_of(const BoundGraph& bound, const Address& address) {
  return chosen_attribute("node", bound.graph.find(address)->properties, "address")->text();
}

Subnet subnet_of(const BoundGraph& bound, const Address& address) {
  return *parse_subnet(property(bound, address, "subnet").text());
}

TEST_F(Bind, ChoosesAllThatIsLeftOpen) {
  test::expect_golden("bind_hello.json", to_json(run(test::hello())));
}

TEST_F(Bind, SettlesWhatItChoseAndLeavesWhatIsLate) {
  const Value address = attribute_value({"nodes.a", "address", {}});
  const Value output = attribute_value({"nodes.a.software['command date']", "output", {}});
  const BoundGraph bound = run(test::site_of(
      {node("a"), test::item("a", "command", "date"),
       test::item("a", "file", "/date", {{"content", Value::List{address, output}}})}));

  const Value& content = property(bound, "nodes.a.software['file /date']", "content");

  EXPECT_EQ(content.list()[0].text(), address_of(bound, "nodes.a"));
  EXPECT_TRUE(content.list()[1].is_pending());
}

TEST_F(Bind, AnswersAttributesFromTheGraphAndFromTheJournal) {
  const Site site = test::site_of({node("a"), test::item("a", "command", "date")});
  const BoundGraph bound = run(site);
  records_ = test::deployed(site, registry_);
  test::record_of(records_, "nodes.a.software['command date']").attributes = {{"output", "now"}};

  const Lookup graph = make_lookup(bound, nullptr);
  const Lookup journal = make_lookup(records_);

  for (const char* attribute : {"address", "addresses.lan", "hostname", "memory"})
    EXPECT_EQ(graph("nodes.a", attribute), journal("nodes.a", attribute)) << attribute;
  EXPECT_EQ(graph("nodes.a", "hostname"), Value("a.hello.test"));
  EXPECT_EQ(graph("nodes.a", "addresses")->find("lan")->text(), address_of(bound, "nodes.a"));
  EXPECT_EQ(graph("networks.lan", "gateway"), property(bound, "networks.lan", "gateway"));
  EXPECT_FALSE(graph("nodes.a.software['command date']", "output"));
  EXPECT_EQ(journal("nodes.a.software['command date']", "output"), Value("now"));
  EXPECT_FALSE(journal("nodes.b", "address"));
}

TEST_F(Bind, GivesAddressesInTheOrderOfTheNodes) {
  const Site site = test::site_of({test::network("dmz", {{"subnet", "10.9.0.0/24"}}),
                                   node("a", {{"networks", Value::List{"dmz"}}}),
                                   node("b", {{"networks", Value::List{"dmz"}}})});

  const BoundGraph bound = run(site);

  EXPECT_EQ(address_of(bound, "nodes.a"), "10.9.0.10");
  EXPECT_EQ(address_of(bound, "nodes.b"), "10.9.0.11");
  EXPECT_EQ(property(bound, "networks.dmz", "gateway").text(), "10.9.0.1");
}

TEST_F(Bind, KeepsWhatIsRecordedWhenANodeIsAdded) {
  const BoundGraph before = run(test::site_of({node("b")}));
  records_ = test::deployed(test::site_of({node("b")}), registry_);

  const BoundGraph after = run(test::site_of({node("a"), node("b")}));

  EXPECT_EQ(address_of(after, "nodes.b"), address_of(before, "nodes.b"));
  EXPECT_NE(address_of(after, "nodes.a"), address_of(before, "nodes.b"));
  EXPECT_EQ(subnet_of(after, "networks.lan"), subnet_of(before, "networks.lan"));
}

TEST_F(Bind, DoesNotGiveTheAddressOfANodeThatIsStillThere) {
  records_ = test::deployed(test::site_of({node("old")}), registry_);

  const BoundGraph after = run(test::site_of({node("new")}));

  EXPECT_TRUE(address_of(after, "nodes.new").ends_with(".11")) << address_of(after, "nodes.new");
}

TEST_F(Bind, CollidesWithNoSubnetOfAnybody) {
  const Site site = test::site_of({test::network("dmz"), node("a")});
  const BoundGraph first = run(site);
  const Subnet lan = subnet_of(first, "networks.lan");
  const Subnet dmz = subnet_of(first, "networks.dmz");
  hosts_[0].inventory.subnets = {to_string(lan), "0.0.0.0/32"};
  reservations_ = {{.deployment = "other",
                    .name = "other",
                    .host = "here",
                    .subnets = {to_string(Subnet{dmz.base, 20})},
                    .memory = {},
                    .disk = {}}};

  const BoundGraph second = run(site);

  for (const char* network : {"networks.lan", "networks.dmz"}) {
    EXPECT_FALSE(subnet_of(second, network).overlaps(lan));
    EXPECT_FALSE(overlaps(to_string(subnet_of(second, network)), reservations_[0].subnets[0]));
  }
  EXPECT_FALSE(subnet_of(second, "networks.lan").overlaps(subnet_of(second, "networks.dmz")));
}

TEST_F(Bind, TakesALargerSubnetForManyNodes) {
  std::vector<Resource> nodes;
  for (int i = 0; i < 300; ++i)
    nodes.push_back(
        node("n" + std::to_string(i), {{"memory", Bytes::mebi(1)}, {"disk", Bytes::gibi(1)}}));

  const BoundGraph bound = run(test::site_of(std::move(nodes)));

  EXPECT_EQ(subnet_of(bound, "networks.lan").prefix, 23);
}

TEST_F(Bind, RefusesAWrittenSubnetThatIsInUse) {
  hosts_[0].inventory.subnets = {"10.9.0.0/16"};
  const Site site = test::site_of({test::network("dmz", {{"subnet", "10.9.4.0/24"}})});

  try {
    run(site);
    FAIL() << "bound to a subnet in use";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict);
    EXPECT_STREQ(error.what(),
                 "subnet 10.9.4.0/24 of 'networks.dmz' collides with 10.9.0.0/16 on host 'here', "
                 "in use on the host");
  }
}

TEST_F(Bind, TakesItsOwnSubnetForNoCollision) {
  const Site site = test::site_of({test::network("dmz", {{"subnet", "10.9.4.0/24"}})});
  records_ = test::deployed(site, registry_);
  hosts_[0].inventory.subnets = {"10.9.4.0/24"};

  EXPECT_EQ(property(run(site), "networks.dmz", "subnet").text(), "10.9.4.0/24");
}

TEST_F(Bind, ReportsAnAddressOutsideItsSubnet) {
  const Value networks = Value::Mapping{{"lan", Value::Mapping{{"address", "192.168.3.4"}}}};

  run(test::site_of({node("a", {{"networks", networks}})}));

  EXPECT_EQ(code(), "address-outside-subnet");
}

TEST_F(Bind, ReportsAWrittenSubnetThatIsTooSmall) {
  Site site = test::site_of({test::network("dmz", {{"subnet", "10.9.0.0/29"}})});
  site.resources.back().places["subnet"] = site.resources.back().where;
  for (int i = 0; i < 6; ++i)
    site.resources.push_back(node("n" + std::to_string(i), {{"networks", Value::List{"dmz"}}}));

  check_addresses(test::compiled(site, registry_), diagnostics_);

  EXPECT_EQ(code(), "subnet-too-small");
}

TEST_F(Bind, ReportsAnAddressThatIsGivenTwice) {
  const Value networks = Value::Mapping{{"dmz", Value::Mapping{{"address", "10.9.0.7"}}}};

  run(test::site_of({test::network("dmz", {{"subnet", "10.9.0.0/24"}}),
                     node("a", {{"networks", networks}}), node("b", {{"networks", networks}})}));

  EXPECT_EQ(code(), "duplicate-address");
}

TEST_F(Bind, ReportsSubnetsThatOverlap) {
  run(test::site_of({test::network("a", {{"subnet", "10.9.0.0/16"}}),
                     test::network("b", {{"subnet", "10.9.3.0/24"}})}));

  EXPECT_EQ(code(), "overlapping-subnets");
}

TEST_F(Bind, TakesAMachineWhereTheDescriptionWantsOne) {
  const BoundGraph bound = run(test::site_of({node("a", {{"isolation", "vm"}}), node("b")}));

  EXPECT_EQ(property(bound, "nodes.a", "kind").text(), "machine");
  EXPECT_EQ(property(bound, "nodes.b", "kind").text(), "container");
  EXPECT_EQ(property(bound, "images.debian", "kinds"), Value(Value::List{"container", "machine"}));
}

TEST_F(Bind, SaysThatTheHostHasNoMachines) {
  hosts_[0].inventory.machines = false;

  try {
    run(test::site_of({node("a", {{"isolation", "vm"}})}));
    FAIL() << "bound a machine to a host without machines";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
    EXPECT_STREQ(error.what(), "'nodes.a' wants a virtual machine, and host 'here' has none");
    EXPECT_EQ(error.hint(), "encamp doctor");
  }
}

TEST_F(Bind, KeepsToTheHostThatANodeNames) {
  hosts_.push_back(hosts_[0]);
  hosts_[1].name = "there";
  const Site site = test::site_of({node("a"), node("b", {{"host", "there"}})});
  EXPECT_EQ(run(site).bindings.front().host, "there");

  const auto refused = [&](const Site& wrong) -> std::string {
    try {
      run(wrong);
      return "bound it";
    } catch (const Error& error) {
      return error.what();
    }
  };
  EXPECT_EQ(refused(test::site_of({node("a", {{"host", "nowhere"}})})),
            "'nodes.a' wants host 'nowhere', and there is none of that name");
  EXPECT_EQ(refused(test::site_of({node("a", {{"host", "here"}}), node("b", {{"host", "there"}})})),
            "'nodes.a' wants host 'here' and 'nodes.b' wants host 'there', and all nodes of a site "
            "are on one");
  records_ = test::deployed(test::site_of({node("a")}), registry_);
  EXPECT_EQ(refused(test::site_of({node("a", {{"host", "there"}})})),
            "'nodes.a' wants host 'there', and the deployment is on host 'here'");
}

Resource volume(const std::string& name, Bytes size) {
  return {.address = child_address("volumes", name),
          .component = "volume",
          .properties = {{"size", size}}};
}

TEST_F(Bind, SaysThatMachinesOfTheHostCannotMountVolumes) {
  const Value mounts = Value::Mapping{{"/srv/jobs", Reference{"volumes.jobs"}}};
  const Site site = test::site_of({volume("jobs", Bytes::gibi(2)), node("a", {{"mounts", mounts}}),
                                   node("b", {{"mounts", mounts}, {"isolation", "vm"}})});
  hosts_[0].inventory.virtiofs = true;
  EXPECT_EQ(property(run(site), "nodes.b", "kind").text(), "machine");

  hosts_[0].inventory.virtiofs = false;
  try {
    run(site);
    FAIL() << "bound it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Unavailable);
    EXPECT_STREQ(error.what(),
                 "'nodes.b' is a virtual machine and mounts '/srv/jobs', and host 'here' has no "
                 "virtiofs");
  }
}

TEST_F(Bind, WantsContainersForVolumesAndSetsTheirSpaceAside) {
  const Site site = test::site_of({volume("jobs", Bytes::gibi(2)), node("a")});
  EXPECT_EQ(reservation_of(run(site)).disk, Bytes::gibi(6));

  hosts_[0].inventory.containers = false;
  EXPECT_THROW(run(site), Error);
}

TEST_F(Bind, SetsTheSpaceOfDataDisksAside) {
  const auto disk = [](Bytes size, const char* at) {
    return Value::Mapping{{"size", size}, {"mount", at}};
  };
  const Value disks = Value::Mapping{{"scratch", disk(Bytes::gibi(3), "/scratch")},
                                     {"data", disk(Bytes::gibi(5), "/srv")}};

  const Site site = test::site_of({node("a", {{"disks", disks}})});

  EXPECT_EQ(reservation_of(run(site)).disk, Bytes::gibi(12));
}

TEST_F(Bind, KeepsKindAndKvmWhateverTheHostOffersLater) {
  const Site site = test::site_of({node("a", {{"isolation", "vm"}}), node("b")});
  records_ = test::deployed(site, registry_);
  hosts_[0].inventory.kvm = true;
  hosts_[0].inventory.containers = false;

  const BoundGraph after = run(site);

  EXPECT_FALSE(property(after, "nodes.a", "kvm").boolean());
  EXPECT_EQ(property(after, "nodes.b", "kind").text(), "container");
}

TEST_F(Bind, RefusesWithTheFigures) {
  reservations_ = {{.deployment = "other",
                    .name = "batch",
                    .host = "here",
                    .subnets = {},
                    .memory = Bytes::gibi(6),
                    .disk = Bytes::gibi(1)}};
  hosts_[0].inventory.ours = {{.claim = {Claim::Kind::Guest, "encamp.batch.head", "u", ""},
                               .owner = {"other", "nodes.head", 1},
                               .running = true,
                               .memory = Bytes::gibi(2)}};

  try {
    run(test::site_of({node("a", {{"memory", Bytes::gibi(3)}})}));
    FAIL() << "there is no room";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::NoRoom);
    EXPECT_STREQ(error.what(),
                 "host 'here' has no room for 'hello': 3.0 GiB of memory wanted, 2.0 GiB free");
    EXPECT_EQ(error.detail(),
              "memory: 3.0 GiB wanted, 2.0 GiB free; the host has 8.0 GiB\n"
              "  6.0 GiB held by 'batch'");
  }
}

TEST_F(Bind, DoesNotAskAgainForWhatItHasReserved) {
  const Site site = test::hello();
  reservations_ = {reservation_of(run(site))};
  hosts_[0].inventory.memory = Bytes::mebi(1);

  EXPECT_NO_THROW(run(site));
}

TEST_F(Bind, TakesTheFirstHostThatFits) {
  hosts_ = {test::big_host(), test::big_host()};
  hosts_[0].name = "small";
  hosts_[0].inventory.memory = Bytes::mebi(1);

  EXPECT_EQ(run(test::hello()).bindings.front().host, "here");
}

TEST_F(Bind, StaysOnItsHost) {
  records_ = test::deployed(test::hello(), registry_);
  HostOffer other = test::big_host();
  other.name = "other";
  hosts_.insert(hosts_.begin(), other);

  EXPECT_EQ(run(test::hello()).bindings.front().host, "here");
}

TEST(Subnets, AreReadAndWritten) {
  EXPECT_EQ(to_string(*parse_subnet("10.1.2.3/16")), "10.1.0.0/16");
  EXPECT_EQ(to_string(*parse_subnet("0.0.0.0/0")), "0.0.0.0/0");
  for (const char* wrong : {"10.1.2.3", "10.1.2/24", "10.1.2.256/24", "10.1.2.3/33", "10.1.2.3/",
                            "10.1.2.3/24x", "a.b.c.d/24", "10.1.2.-3/24"})
    EXPECT_FALSE(parse_subnet(wrong)) << wrong;
  EXPECT_TRUE(overlaps("10.0.0.0/8", "10.64.3.0/24"));
  EXPECT_FALSE(overlaps("10.64.2.0/24", "10.64.3.0/24"));
}

}  // namespace
}  // namespace encamp
