// LibvirtHost with the libvirtd of this machine. Needs root; takes away what it made, also when it
// fails.
#include "src/libvirt_host.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/libvirt_network.h"
#include "src/local_chores.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;
using Power = GuestState::Power;

class FileContent : public Content {
 public:
  explicit FileContent(const fs::path& path)
      : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)),
        size_(static_cast<std::int64_t>(fs::file_size(path))) {}
  ~FileContent() override { close(fd_); }
  Bytes size() const override { return {size_}; }
  std::optional<Extent> next() override {
    const off_t start = lseek(fd_, position_, SEEK_DATA);
    if (start < 0)
      return std::nullopt;
    const off_t end = lseek(fd_, start, SEEK_HOLE);
    buffer_.resize(static_cast<std::size_t>(std::min<off_t>(end - start, 1 << 20)));
    const ssize_t got = pread(fd_, buffer_.data(), buffer_.size(), start);
    position_ = start + got;
    return Extent{.offset = start, .data = std::string_view(buffer_).substr(0, std::size_t(got))};
  }

 private:
  int fd_;
  std::int64_t size_;
  off_t position_ = 0;
  std::string buffer_;
};

class TextContent : public Content {
 public:
  TextContent(std::string text, std::int64_t offset, std::int64_t size)
      : text_(std::move(text)), offset_(offset), size_(size) {}
  Bytes size() const override { return {size_}; }
  std::optional<Extent> next() override {
    if (given_)
      return std::nullopt;
    given_ = true;
    return Extent{.offset = offset_, .data = text_};
  }

 private:
  std::string text_;
  std::int64_t offset_;
  std::int64_t size_;
  bool given_ = false;
};

class BrokenContent : public TextContent {
 public:
  BrokenContent() : TextContent("x", 0, 1 << 20) {}
  std::optional<Extent> next() override {
    if (std::optional<Extent> extent = TextContent::next())
      return extent;
    throw Error(ErrorKind::Failed, "the source broke");
  }
};

bool wait_for(const std::function<bool()>& done) {
  for (int i = 0; i < 1000; ++i) {
    if (done())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

class LibvirtHostTest : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP() << "needs root";
  }

  // One that cannot be taken away keeps no other.
  void TearDown() override {
    for (const Claim& guest : guests_)
      try_to([&] {
        host_.destroy_guest(guest);
        host_.undefine_guest(guest);
      });
    for (const Claim& pool : pools_)
      try_to([&] {
        if (const std::optional<PoolState> state = host_.find_pool(pool))
          for (const std::string& volume : state->volumes)
            host_.remove_volume({.pool = pool.name, .name = volume});
        host_.remove_pool(pool);
      });
    for (const Claim& network : networks_) {
      try_to([&] { host_.remove_network(network); });
      local::remove_forgotten_bridge(bridge_of(network.uuid), network.name);
    }
    std::error_code error;
    fs::remove_all(scratch_, error);
  }

  static void try_to(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      ADD_FAILURE() << "left behind: " << error.what();
    }
  }

  Owner owner(const std::string& address) const {
    return {.deployment = fmt::format("00000000-0000-4000-8000-{:012d}", getpid()),
            .address = address};
  }

  Claim claim(Claim::Kind kind, const std::string& name) const {
    const char* role = kind == Claim::Kind::Network ? "network"
                       : kind == Claim::Kind::Pool  ? "pool"
                                                    : "guest";
    return {.kind = kind,
            .name = fmt::format("encamp.hosttest-{}{}", getpid(), name),
            .uuid = uuid_of(owner(name), role)};
  }

  Claim make_pool() {
    const Claim pool = claim(Claim::Kind::Pool, "");
    pools_.push_back(pool);
    host_.create_pool(pool);
    return pool;
  }

  NetworkSpec network_spec(const std::string& name) {
    const Claim network = claim(Claim::Kind::Network, "." + name);
    networks_.push_back(network);
    const std::string prefix = fmt::format("10.211.{}", getpid() % 250);
    return {.claim = network,
            .owner = owner("networks." + name),
            .bridge = bridge_of(network.uuid),
            .domain = "hosttest.test",
            .subnet = prefix + ".0/24",
            .gateway = prefix + ".1",
            .names = {{.address = prefix + ".10", .names = {"web.hosttest.test", "web"}}}};
  }

  /// The image with nothing in it but places to mount on, and a disk with nothing but an init.
  void make_disks(const Claim& pool) {
    scratch_ = fs::temp_directory_path() / fmt::format("encamp-hosttest-{}", getpid());
    for (const char* directory : {"dev", "proc", "sys", "mnt", "tmp", ".oldroot"})
      fs::create_directories(scratch_ / "image" / directory);
    fs::create_directories(scratch_ / "disk");
    fs::copy_file(ENCAMP_TINY_INIT, scratch_ / "disk" / "init");
    for (const char* name : {"image", "disk"}) {
      const fs::path tree = scratch_ / name;
      const std::string file = tree.string() + ".raw";
      ASSERT_EQ(std::system(
                    fmt::format("mke2fs -q -q -t ext4 -d {} {} 16M >/dev/null", tree.string(), file)
                        .c_str()),
                0);
    }
    FileContent image(scratch_ / "image.raw");
    host_.create_volume({.pool = pool.name, .name = "image"}, image);
  }

  GuestSpec make_container(const Claim& pool, const Claim& network, int number) {
    const std::string name = fmt::format(".c{}", number);
    FileContent disk(scratch_ / "disk.raw");
    const VolumeId disk_id{.pool = pool.name, .name = name.substr(1) + ".1.disk"};
    host_.create_volume(disk_id, disk);
    const GuestSpec spec{
        .claim = claim(Claim::Kind::Guest, name),
        .owner = owner("nodes" + name),
        .memory = Bytes::mebi(64),
        .image = {.pool = pool.name, .name = "image"},
        .disk = disk_id,
        .nics = {{.network = network.name, .mac = fmt::format("52:54:00:d3:00:{:02x}", number)}}};
    guests_.push_back(spec.claim);
    host_.define_guest(spec);
    return spec;
  }

  Power power_of(const Claim& guest) {
    const std::optional<GuestState> state = host_.find_guest(guest);
    return state ? state->power : Power::Off;
  }

  LibvirtHost host_{HostSettings{.storage = "/var/lib/encamp/storage"}};
  std::vector<Claim> networks_;
  std::vector<Claim> pools_;
  std::vector<Claim> guests_;
  fs::path scratch_;
};

TEST_F(LibvirtHostTest, MakesANetworkAndTakesItAway) {
  const NetworkSpec spec = network_spec("lan");
  EXPECT_FALSE(host_.find_network(spec.claim));

  host_.create_network(spec);

  std::optional<NetworkState> state = host_.find_network(spec.claim);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->owner, spec.owner);
  EXPECT_TRUE(state->active);
  EXPECT_TRUE(state->healthy);
  EXPECT_EQ(state->subnet, spec.subnet);
  EXPECT_EQ(state->names, spec.names);

  const std::vector<HostName> other{{.address = spec.names[0].address, .names = {"db"}},
                                    {.address = spec.gateway, .names = {"gate"}}};
  host_.set_network_names(spec.claim, other);
  EXPECT_EQ(host_.find_network(spec.claim)->names, other);

  host_.remove_network(spec.claim);
  host_.remove_network(spec.claim);
  EXPECT_FALSE(host_.find_network(spec.claim));
  EXPECT_FALSE(fs::exists("/sys/class/net/" + spec.bridge));
}

TEST_F(LibvirtHostTest, LeavesANetworkOfAnotherUuidAlone) {
  const NetworkSpec spec = network_spec("lan");
  host_.create_network(spec);
  NetworkSpec impostor = spec;
  impostor.claim.uuid = uuid_of(owner("impostor"), "network");

  EXPECT_EQ(host_.find_network(impostor.claim)->uuid, spec.claim.uuid);
  EXPECT_THROW(host_.create_network(impostor), Error);
  host_.remove_network(impostor.claim);

  EXPECT_TRUE(host_.find_network(spec.claim)->active);
}

TEST_F(LibvirtHostTest, SeesThatANetworksDnsServerIsGoneAndStartsAnother) {
  const NetworkSpec spec = network_spec("lan");
  host_.create_network(spec);
  std::ifstream pid_file(fmt::format("/run/libvirt/network/{}.pid", spec.claim.name));
  pid_t dnsmasq = 0;
  pid_file >> dnsmasq;
  ASSERT_GT(dnsmasq, 1);

  ASSERT_EQ(kill(dnsmasq, SIGKILL), 0);

  ASSERT_TRUE(wait_for([&] { return !host_.find_network(spec.claim)->healthy; }));
  const Inventory inventory = host_.inventory();
  const auto listed = std::ranges::find(inventory.ours, spec.owner, &Inventory::Found::owner);
  ASSERT_NE(listed, inventory.ours.end());
  EXPECT_FALSE(listed->running);
  ASSERT_TRUE(wait_for([&] { return kill(dnsmasq, 0) != 0; })) << "nobody reaps orphans here";
  host_.create_network(spec);
  EXPECT_TRUE(host_.find_network(spec.claim)->healthy);
  EXPECT_EQ(host_.find_network(spec.claim)->names, spec.names);
}

TEST_F(LibvirtHostTest, RemovesABridgeThatAKilledLibvirtdForgot) {
  const NetworkSpec spec = network_spec("lan");
  ASSERT_EQ(std::system(("ip link add " + spec.bridge + " up type bridge").c_str()), 0);

  host_.create_network(spec);

  EXPECT_TRUE(host_.find_network(spec.claim)->active);
}

TEST_F(LibvirtHostTest, KeepsVolumesSparse) {
  const Claim pool = make_pool();
  const VolumeId id{.pool = pool.name, .name = "a.1.disk"};
  const std::int64_t size = std::int64_t{4} << 30;
  TextContent content("the end", size - 7, size);

  host_.create_volume(id, content);

  const std::optional<VolumeState> state = host_.find_volume(id);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->capacity.count, size);
  EXPECT_LT(state->allocation, Bytes::mebi(1));
  EXPECT_EQ(host_.read_volume_tail(id, 3), "end");
  EXPECT_EQ(host_.find_pool(pool)->volumes, (std::vector<std::string>{"a.1.disk"}));
  TextContent again("x", 0, 1);
  try {
    host_.create_volume(id, again);
    FAIL() << "an existing volume was overwritten";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Conflict) << error.what();
  }
}

TEST_F(LibvirtHostTest, LeavesNoHalfVolume) {
  const Claim pool = make_pool();
  const VolumeId id{.pool = pool.name, .name = "a.1.disk"};
  BrokenContent content;

  EXPECT_THROW(host_.create_volume(id, content), Error);

  EXPECT_FALSE(host_.find_volume(id));
}

TEST_F(LibvirtHostTest, MakesAVolumeOfNothingForAConsole) {
  const Claim pool = make_pool();
  const VolumeId id{.pool = pool.name, .name = "a.1.console"};
  TextContent nothing("", 0, 0);

  host_.create_volume(id, nothing);

  EXPECT_EQ(host_.read_volume_tail(id, 100), "");
}

TEST_F(LibvirtHostTest, RemovesThePoolWithItsDirectory) {
  const auto directories = [] {
    std::set<fs::path> found;
    for (const fs::directory_entry& entry : fs::directory_iterator("/var/lib/encamp/storage"))
      found.insert(entry.path());
    return found;
  };
  const Claim pool = make_pool();
  const std::string short_name = fmt::format("hosttest-{}", getpid());
  EXPECT_TRUE(directories().contains("/var/lib/encamp/storage/" + short_name));

  host_.remove_pool(pool);
  host_.remove_pool(pool);

  EXPECT_FALSE(directories().contains("/var/lib/encamp/storage/" + short_name));
  EXPECT_FALSE(host_.find_pool(pool));
}

TEST_F(LibvirtHostTest, RunsContainers) {
  const Claim pool = make_pool();
  const NetworkSpec network = network_spec("lan");
  host_.create_network(network);
  make_disks(pool);
  constexpr int kCount = 4;
  std::vector<GuestSpec> specs;
  for (int i = 0; i < kCount; ++i)
    specs.push_back(make_container(pool, network.claim, i));

  {
    std::vector<std::jthread> threads;
    for (const GuestSpec& spec : specs)
      threads.emplace_back([&] { host_.start_guest(spec.claim); });
  }

  for (const GuestSpec& spec : specs) {
    const std::optional<GuestState> state = host_.find_guest(spec.claim);
    ASSERT_TRUE(state);
    EXPECT_EQ(state->power, Power::Running);
    EXPECT_EQ(state->owner, spec.owner);
    EXPECT_EQ(state->memory, spec.memory);
  }
  const Claim& first = specs[0].claim;
  EXPECT_NE(host_.console_tail(first, 1000).find("tiny init is up"), std::string::npos);
  host_.set_guest_memory(first, Bytes::mebi(128));
  EXPECT_EQ(host_.find_guest(first)->memory, Bytes::mebi(128));
  const Inventory inventory = host_.inventory();
  EXPECT_TRUE(inventory.containers);
  EXPECT_GE(inventory.ours.size(), std::size_t{kCount + 1});
  EXPECT_NE(std::ranges::find(inventory.subnets, network.subnet), inventory.subnets.end());

  for (const GuestSpec& spec : specs)
    host_.shut_down_guest(spec.claim);
  for (const GuestSpec& spec : specs)
    EXPECT_TRUE(wait_for([&] { return power_of(spec.claim) == Power::Off; }));
  for (const GuestSpec& spec : specs) {
    host_.undefine_guest(spec.claim);
    EXPECT_FALSE(host_.find_guest(spec.claim));
  }
}

TEST_F(LibvirtHostTest, RunsAMachineAndKeepsItsConsole) {
  const Claim pool = make_pool();
  const NetworkSpec network = network_spec("lan");
  host_.create_network(network);
  const auto volume = [&](const std::string& name, std::string text, std::int64_t size) {
    TextContent content(std::move(text), 0, size);
    host_.create_volume({pool.name, name}, content);
    return VolumeId{pool.name, name};
  };
  FileContent kernel(ENCAMP_TINY_KERNEL);
  host_.create_volume({pool.name, "kernel"}, kernel);
  const GuestSpec spec{.claim = claim(Claim::Kind::Guest, ".m"),
                       .owner = owner("nodes.m"),
                       .isolation = Isolation::Machine,
                       .memory = Bytes::mebi(64),
                       .image = volume("image", "", 1 << 20),
                       .disk = volume("m.1.disk", "", 1 << 20),
                       .kernel = {pool.name, "kernel"},
                       .initrd = volume("initrd", "none", 4),
                       .console = volume("m.1.console", "", 0),
                       .nics = {{.network = network.claim.name, .mac = "52:54:00:d3:01:00"}}};
  guests_.push_back(spec.claim);
  host_.define_guest(spec);

  host_.start_guest(spec.claim);

  const std::string expected = "tiny kernel is up";
  EXPECT_TRUE(wait_for([&] {
    return host_.console_tail(spec.claim, 1000).find(expected) != std::string::npos;
  })) << host_.console_tail(spec.claim, 1000);
  const std::optional<GuestState> state = host_.find_guest(spec.claim);
  ASSERT_TRUE(state);
  EXPECT_EQ(state->isolation, Isolation::Machine);
  EXPECT_EQ(state->power, Power::Running);
  EXPECT_EQ(state->owner, spec.owner);
  host_.set_guest_memory(spec.claim, Bytes::mebi(96));
  host_.shut_down_guest(spec.claim);
  host_.destroy_guest(spec.claim);
  EXPECT_EQ(host_.find_guest(spec.claim)->memory, Bytes::mebi(96));
  EXPECT_NE(host_.read_volume_tail(spec.console, 1000).find(expected), std::string::npos);
  host_.undefine_guest(spec.claim);
  EXPECT_FALSE(host_.find_guest(spec.claim));
}

}  // namespace
}  // namespace encamp
