// A node on the libvirtd of this machine, made and removed by its component: what site tests of
// nodes and of their software begin with. Leaves the image pool and the workshop's cache.
#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "components/image/image.h"
#include "components/node/node.h"
#include "src/libvirt_host.h"
#include "src/local_clock.h"
#include "src/local_workshop.h"
#include "src/ssh_guest.h"
#include "src/ssh_key.h"

namespace encamp::test {

using std::chrono::seconds;

inline double seconds_between(Clock::Instant begin, Clock::Instant end) {
  return std::chrono::duration<double>(end - begin).count();
}

// What a run would give a component, for one node.
class SiteContext : public Context {
 public:
  SiteContext(std::string deployment, Address node)
      : deployment_(std::move(deployment)),
        owner_{"00000000-0000-4000-8000-6e6f64657369", std::move(node), 1} {}

  const Owner& owner() const override { return owner_; }
  const std::string& deployment() const override { return deployment_; }
  Host& host() override { return host_; }
  Workshop& workshop() override { return workshop_; }
  Guest& guest() override { return guest_by(deadline()); }
  Guest& guest_by(Clock::Instant deadline) override {
    if (!guest_)
      guest_ = connect_guest({.address = address,
                              .host_key = ssh_key(owner_.address).public_key,
                              .private_key = ssh_key("ssh").private_key},
                             deadline, {});
    return *guest_;
  }
  const Record& record(const Address&) override { return image; }
  Value keep_secret(const std::string&, const std::string& text) override { return text; }
  std::optional<Value> find_secret(const std::string&) override { return std::nullopt; }
  void forget_secret(const std::string&) override {}
  std::string random_bytes(std::size_t count) override { return std::string(count, 'r'); }
  void note(const std::string& name, Value value) override { notes[name] = std::move(value); }
  SshKey ssh_key(const std::string& name) override {
    if (!keys_.contains(name))
      keys_[name] = make_ssh_key();
    return keys_.at(name);
  }
  std::vector<std::string> authorized_keys() override { return {}; }
  Receipt receipt(const std::string& purpose, const std::string&) override { return {purpose}; }
  Clock& clock() override { return clock_; }
  Clock::Instant deadline() const override { return deadline_; }
  std::stop_token stop() const override { return {}; }
  void progress(const std::string& text) override {
    std::printf("%7.2f s  %s\n", seconds_between(begin_, clock_.now()), text.c_str());
  }

  void disconnect() { guest_.reset(); }

  Record image;
  std::string address;
  Properties notes;

 private:
  std::string deployment_;
  Owner owner_;
  LibvirtHost host_{HostSettings{}};
  LocalWorkshop workshop_{ENCAMP_INIT};
  std::map<std::string, SshKey> keys_;
  std::unique_ptr<Guest> guest_;
  LocalClock clock_;
  Clock::Instant begin_ = clock_.now();
  Clock::Instant deadline_ = begin_ + std::chrono::minutes(10);
};

class NodeSite : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (geteuid() != 0)
      GTEST_SKIP() << "needs root";
    const std::string subnet = "10.212.251";
    context_.address = subnet + ".10";
    const Properties image{{"debian", "bookworm"}, {"kinds", Value::List{GetParam()}}};
    context_.image = {.address = "images.debian", .component = "image", .properties = image};
    context_.image.attributes = image_->realize(image, context_.image, context_);
    network_ = {.kind = Claim::Kind::Network,
                .name = "encamp." + name_ + ".lan",
                .uuid = uuid_of(context_.owner(), "network")};
    pool_ = {.kind = Claim::Kind::Pool,
             .name = "encamp." + name_,
             .uuid = uuid_of(context_.owner(), "pool")};
    wanted_ = {{"name", "head"},
               {"hostname", "head." + name_ + ".test"},
               {"kind", GetParam()},
               {"kvm", false},
               {"memory", Bytes::mebi(256)},
               {"disk", Bytes::mebi(512)},
               {"image", Reference{"images.debian"}},
               {"networks", Value::Mapping{{"lan", Value::Mapping{{"address", context_.address},
                                                                  {"mac", "52:54:00:ca:3f:01"},
                                                                  {"gateway", subnet + ".1"},
                                                                  {"prefix", 24}}}}}};
    record_ = {.address = context_.owner().address,
               .component = "node",
               .properties = wanted_,
               .claims = node_->claims(wanted_, context_.owner(), name_)};
    clear();  // What a run left that was killed.
    context_.host().create_network({.claim = network_,
                                    .owner = context_.owner(),
                                    .bridge = "campnodesite",
                                    .domain = name_ + ".test",
                                    .subnet = subnet + ".0/24",
                                    .gateway = subnet + ".1"});
    context_.host().create_pool(pool_);
  }

  void TearDown() override {
    if (geteuid() != 0)
      return;
    clear();
  }

  void clear() {
    context_.disconnect();
    node_->remove(record_, context_);
    context_.host().remove_pool(pool_);
    context_.host().remove_network(network_);
  }

  std::string output(const std::string& text) {
    const CommandResult result = context_.guest().probe({.text = text});
    return result.output + result.errors;
  }

  // The same in each run, so that one removes what another left.
  const std::string name_ = "nodesite";
  SiteContext context_{name_, "nodes.head"};
  std::unique_ptr<const Component> image_ = make_image_component();
  std::unique_ptr<const Component> node_ = make_node_component();
  Claim network_;
  Claim pool_;
  Properties wanted_;
  Record record_;
};

}  // namespace encamp::test
