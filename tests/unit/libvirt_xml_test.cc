#include "src/libvirt_xml.h"

#include <gtest/gtest.h>

#include "engine/error.h"
#include "src/libvirt_connection.h"
#include "src/libvirt_guest_xml.h"
#include "src/libvirt_network.h"
#include "src/libvirt_storage.h"
#include "src/local_chores.h"
#include "tests/support/golden.h"

namespace encamp {
namespace {

const Owner kOwner{.deployment = "4c0c7d4e-3f0e-4c59-9f9a-1d2f0f5a9b11",
                   .address = "nodes['it\\'s <one>']",
                   .generation = 3};

NetworkSpec network_spec() {
  return {.claim = {.kind = Claim::Kind::Network,
                    .name = "encamp.lab.lan",
                    .uuid = "0a1b2c3d-4e5f-5678-9abc-def012345678"},
          .owner = kOwner,
          .bridge = "camp0a1b2c3d4e",
          .domain = "lab.test",
          .subnet = "10.123.4.0/24",
          .gateway = "10.123.4.1",
          .names = {{.address = "10.123.4.10", .names = {"web.lab.test", "web"}},
                    {.address = "10.123.4.11", .names = {"db.lab.test", "db"}}}};
}

GuestSpec guest_spec() {
  return {.claim = {.name = "encamp.lab.web", .uuid = "1a1b2c3d-4e5f-5678-9abc-def012345678"},
          .owner = kOwner,
          .memory = Bytes::mebi(256),
          .cpus = 2,
          .nics = {{.network = "encamp.lab.lan", .mac = "52:54:00:01:02:03"}}};
}

const GuestPaths kPaths{.image = "/pool/base & more.root",
                        .disk = "/pool/web.1.disk",
                        .kernel = "/pool/base.kernel",
                        .initrd = "/pool/base.initrd",
                        .console = "/pool/web.1.console"};

TEST(Element, EscapesWhatItIsGiven) {
  Element element("a");
  element.set("b", "'<&>\"").add(Element("c").text("<&"));

  EXPECT_EQ(element.str(), "<a b='&apos;&lt;&amp;&gt;&quot;'>\n  <c>&lt;&amp;</c>\n</a>\n");
  EXPECT_EQ(XmlDocument(element.str()).value("/a/@b"), "'<&>\"");
}

TEST(Element, RefusesControlCharacters) {
  EXPECT_THROW(Element("a").text("\x01").str(), Error);
}

TEST(XmlDocument, RefusesWhatIsNoXml) {
  EXPECT_THROW(XmlDocument("<a>"), Error);
}

TEST(NetworkXml, IsWhatLibvirtIsTold) {
  test::expect_golden("libvirt_network.xml", network_xml(network_spec()));
}

TEST(NetworkXml, HasNoForwardWhenIsolated) {
  NetworkSpec spec = network_spec();
  spec.nat = false;

  EXPECT_TRUE(XmlDocument(network_xml(spec)).values("/network/forward").empty());
}

TEST(NetworkState, ReadsBackWhatWasTold) {
  const NetworkState state = network_state(network_xml(network_spec()));

  EXPECT_EQ(state.owner, kOwner);
  EXPECT_EQ(state.uuid, network_spec().claim.uuid);
  EXPECT_EQ(state.subnet, "10.123.4.0/24");
  EXPECT_EQ(state.names, network_spec().names);
}

TEST(NetworkState, KnowsTheSubnetOfAForeignNetworkWithANetmask) {
  const NetworkState state = network_state(
      "<network><name>default</name><ip address='192.168.122.1' netmask='255.255.255.0'/>"
      "</network>");

  EXPECT_EQ(state.subnet, "192.168.122.0/24");
  EXPECT_FALSE(state.owner);
}

TEST(Bridge, IsNamedAfterTheNetworksUuid) {
  EXPECT_EQ(bridge_of("0a1b2c3d-4e5f-5678-9abc-def012345678"), "camp0a1b2c3d4e");
}

TEST(StorageXml, IsWhatLibvirtIsTold) {
  test::expect_golden(
      "libvirt_storage.xml",
      pool_xml({.kind = Claim::Kind::Pool, .name = "encamp.lab", .uuid = network_spec().claim.uuid},
               "/var/lib/encamp/storage") +
          volume_xml("web.1.disk", Bytes::gibi(4)));
}

TEST(GuestXml, OfAContainerIsWhatLibvirtIsTold) {
  test::expect_golden("libvirt_container.xml", container_xml(guest_spec(), kPaths));
}

TEST(GuestXml, OfAMachineIsWhatLibvirtIsTold) {
  test::expect_golden("libvirt_machine.xml", machine_xml(guest_spec(), kPaths, "qemu"));
}

TEST(GuestXml, HasTheDataDisksBehindTheOwn) {
  GuestPaths paths = kPaths;
  paths.data_disks = {"/pool/web.1.d1", "/pool/web.1.d2"};

  const std::string container = container_xml(guest_spec(), paths);
  const std::string machine = machine_xml(guest_spec(), paths, "qemu");

  for (const char* part : {"/pool/web.1.d2", "/mnt/disks.d/disk2"})
    EXPECT_NE(container.find(part), std::string::npos) << container;
  EXPECT_LT(container.find("/pool/web.1.disk"), container.find("/pool/web.1.d1")) << "nested";
  EXPECT_LT(machine.find("dev='vdc'"), machine.find("dev='vdd'")) << machine;
}

TEST(GuestXml, OfAMachineWithKvmHasTheHostsProcessor) {
  const XmlDocument xml(machine_xml(guest_spec(), kPaths, "kvm"));

  EXPECT_EQ(xml.value("/domain/@type"), "kvm");
  EXPECT_EQ(xml.value("/domain/cpu/@mode"), "host-passthrough");
}

TEST(GuestState, TakesAContainersMemoryFromItsLimit) {
  const GuestState state = guest_state(
      "<domain type='lxc'><uuid>u</uuid><memory unit='KiB'>262144</memory>"
      "<memtune><hard_limit unit='KiB'>524288</hard_limit></memtune></domain>");

  EXPECT_EQ(state.memory, Bytes::mebi(512));
  EXPECT_EQ(state.isolation, Isolation::Container);
  EXPECT_FALSE(state.owner);
}

TEST(ConnectionUri, IsRefusedWhenItRunsCommandsOrWeakensChecks) {
  for (const char* uri :
       {"qemu+ext:///system?command=/tmp/x", "qemu+ssh://host/system?command=/tmp/x",
        "qemu+ssh://host/system?netcat=/tmp/x", "qemu+tls://host/system?no_verify=1",
        "qemu+ssh://host/system?no_tty=1&no_verify=1", "qemu+ssh://host/system?a=1;netcat=x",
        "qemu+libssh2://host/system?known_hosts_verify=ignore", "qemu+tcp://host/system",
        "qemu+ssh://-oProxyCommand=x/system", "qemu+ssh://root@-oProxyCommand=x/system",
        "esx://host", "nonsense"})
    EXPECT_THROW(check_connection_uri(uri), Error) << uri;
}

TEST(ConnectionUri, IsAcceptedWhenHarmless) {
  for (const char* uri : {"lxc:///system", "qemu:///system", "qemu+ssh://root@host:2222/system",
                          "qemu+ssh://host/system?no_tty=1", "test:///default"})
    EXPECT_NO_THROW(check_connection_uri(uri)) << uri;
}

TEST(Routes, AreSubnetsWithoutTheDefaultRoute) {
  EXPECT_EQ(
      local::parse_routes("Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
                          "eth0\t00000000\t010010AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                          "eth0\t000010AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
                          "br0\t00047B0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"),
      (std::vector<std::string>{"172.16.0.0/16", "10.123.4.0/24"}));
}

TEST(CgroupName, IsMadeAsLibvirtMakesIt) {
  EXPECT_EQ(local::cgroup_name("12", "encamp.lab.web-1"), "lxc-12-encamp.lab.web-1");
  EXPECT_EQ(local::cgroup_name("12", "a_b--c"), "lxc-12-ab-c");
  EXPECT_EQ(local::cgroup_name("12", std::string(100, 'x')).size(), 64U);
}

}  // namespace
}  // namespace encamp
