// The context of one component's call, in a fake world: to test a component without the engine.
//
//     FakeWorld world;
//     FakeContext context(world, {.deployment = "...", .address = "networks.lan"});
//     component.realize(properties, {}, context);
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/component/context.h"
#include "tests/support/fake_world.h"

namespace encamp::test {

class FakeContext : public Context {
 public:
  FakeContext(FakeWorld& world, Owner owner) : world_(world), owner_(std::move(owner)) {}

  std::map<Address, Record> records;  ///< Of the resources that this one needs.
  Properties notes;
  std::map<std::string, Secret> secrets;  ///< By the name they were kept under.
  std::stop_source stopped;

  const Owner& owner() const override { return owner_; }
  const std::string& deployment() const override { return deployment_; }
  Host& host() override { return world_.here(); }
  Workshop& workshop() override { return world_.workshop(); }
  Guest& guest() override { throw Error(ErrorKind::Failed, "there is no guest"); }
  const Record& record(const Address& address) override { return records.at(address); }
  void note(const std::string& name, Value value) override { notes[name] = std::move(value); }
  Value keep_secret(const std::string& name, const std::string& text) override {
    return secrets.insert_or_assign(name, Secret(text, key_, owner_.address + "." + name))
        .first->second;
  }
  std::optional<Value> find_secret(const std::string& name) override {
    const auto found = secrets.find(name);
    return found == secrets.end() ? std::nullopt : std::optional<Value>(found->second);
  }
  void forget_secret(const std::string& name) override { secrets.erase(name); }
  std::string random_bytes(std::size_t count) override { return world_.random().bytes(count); }
  SshKey ssh_key(const std::string& name) override {
    if (!keys_.contains(name))
      keys_[name] = world_.make_ssh_key();
    return keys_.at(name);
  }
  std::vector<std::string> authorized_keys() override { return {}; }
  Receipt receipt(const std::string& purpose, const std::string& digest) override {
    return {purpose + "-" + digest};
  }
  Clock& clock() override { return world_.clock(); }
  Clock::Instant deadline() const override { return Clock::Instant::max(); }
  std::stop_token stop() const override { return stopped.get_token(); }
  void progress(const std::string&) override {}

 private:
  FakeWorld& world_;
  Owner owner_;
  std::string deployment_ = "lab";
  std::map<std::string, SshKey> keys_;
  Secret::Key key_ = std::make_shared<const std::string>("key of this deployment");
};

}  // namespace encamp::test
