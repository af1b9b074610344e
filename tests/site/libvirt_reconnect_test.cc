// What LibvirtHost does when its connections break or the host's disk is full. With the libvirtd of
// this machine, reached through a socket that can be cut.
#include <array>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/libvirt_host.h"
#include "src/local_libvirtd.h"

namespace encamp {
namespace {

namespace fs = std::filesystem;

int make_socket(const std::string& path, int (*attach)(int, const sockaddr*, socklen_t)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (attach(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("socket " + path);
  return fd;
}

/// Passes on what comes to `path` to libvirtd and back, until it is cut.
class Relay {
 public:
  explicit Relay(const std::string& path) : path_(path), listener_(make_socket(path, bind)) {
    listen(listener_, 16);
    acceptor_ = std::jthread([this](const std::stop_token& stop) { accept_all(stop); });
  }
  ~Relay() {
    acceptor_.request_stop();
    shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    cut();
    passers_.clear();
    for (const int fd : fds_)
      close(fd);
    close(listener_);
    unlink(path_.c_str());
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Breaks every connection there is; returns how many there have been.
  std::size_t cut() {
    const std::lock_guard lock(mutex_);
    for (const int fd : fds_)
      shutdown(fd, SHUT_RDWR);
    return fds_.size() / 2;
  }

 private:
  void accept_all(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0)
        continue;
      const int server = make_socket("/run/libvirt/libvirt-sock", connect);
      const std::lock_guard lock(mutex_);
      fds_.insert(fds_.end(), {client, server});
      passers_.emplace_back([=] { pass(client, server); });
      passers_.emplace_back([=] { pass(server, client); });
    }
  }

  static void pass(int from, int to) {
    std::array<char, 65536> buffer{};
    for (ssize_t got = 0; (got = read(from, buffer.data(), buffer.size())) > 0;)
      if (send(to, buffer.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL) < 0)
        break;
    shutdown(to, SHUT_RDWR);
  }

  std::string path_;
  int listener_;
  std::mutex mutex_;  // Guards what follows.
  std::vector<int> fds_;
  std::vector<std::jthread> passers_;
  std::jthread acceptor_;
};

class LibvirtReconnect : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP() << "needs root";
  }

  const std::string socket_ = fmt::format("/tmp/encamp-relay-{}", getpid());
  const Claim nobody_{.kind = Claim::Kind::Network,
                      .name = "encamp.reconnect-test.lan",
                      .uuid = uuid_of({.address = "reconnect-test"}, "network")};
};

TEST_F(LibvirtReconnect, OpensAnotherConnectionWhenOneBroke) {
  Relay relay(socket_);
  LibvirtHost host({.connect = {"qemu+unix:///system?socket=" + socket_}});
  EXPECT_FALSE(host.find_network(nobody_));

  for (int i = 0; i < 3; ++i) {
    relay.cut();
    EXPECT_FALSE(host.find_network(nobody_));
  }

  EXPECT_GE(relay.cut(), 4U);
}

TEST_F(LibvirtReconnect, SaysUnavailableWhenThereIsNobodyToReconnectTo) {
  std::optional<Relay> relay(std::in_place, socket_);
  LibvirtHost host({.connect = {"qemu+unix:///system?socket=" + socket_}});
  EXPECT_FALSE(host.find_network(nobody_));

  relay.reset();

  for (int i = 0; i < 20; ++i) {  // More than a pool has: none is lost on the way.
    try {
      host.find_network(nobody_);
      FAIL() << "it answered";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::Unavailable) << error.what();
    }
  }
}

class Noise : public Content {
 public:
  Bytes size() const override { return Bytes::mebi(4); }
  std::optional<Extent> next() override {
    if (position_ >= size().count)
      return std::nullopt;
    const Extent extent{.offset = position_, .data = data_};
    position_ += static_cast<std::int64_t>(data_.size());
    return extent;
  }

 private:
  std::string data_ = std::string(1 << 20, 'x');
  std::int64_t position_ = 0;
};

TEST(LibvirtStorage, SaysThatThereIsNoRoomAndLeavesNoHalfVolume) {
  if (geteuid() != 0)
    GTEST_SKIP() << "needs root";
  // A disk of 1 MiB, where libvirtd sees it: it may have a mount namespace of its own.
  const std::string disk = fmt::format("/tmp/encamp-full-{}", getpid());
  const std::string inside = fmt::format("nsenter -t {} -m ", local::libvirtd_pid());
  fs::create_directory(disk);
  ASSERT_EQ(std::system((inside + "mount -t tmpfs -o size=1m,mode=755 tmpfs " + disk).c_str()), 0);
  LibvirtHost host({.storage = disk});
  const Claim pool{.kind = Claim::Kind::Pool,
                   .name = fmt::format("encamp.full-{}", getpid()),
                   .uuid = uuid_of({.address = disk}, "pool")};
  const VolumeId id{.pool = pool.name, .name = "a.1.disk"};
  host.create_pool(pool);

  ErrorKind kind = ErrorKind::Unknown;
  std::string what;
  try {
    Noise noise;
    host.create_volume(id, noise);
  } catch (const Error& error) {
    kind = error.kind();
    what = error.what();
  }

  EXPECT_EQ(kind, ErrorKind::NoRoom) << what;
  EXPECT_FALSE(host.find_volume(id));
  host.remove_volume(id);
  host.remove_pool(pool);
  EXPECT_EQ(std::system((inside + "umount " + disk).c_str()), 0);
  fs::remove(disk);
}

}  // namespace
}  // namespace encamp
