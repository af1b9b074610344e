// The host and the guests of the simulated world as a process calls them: each call a point.
#include <memory>

#include "tests/simulation/process.h"

namespace encamp::simulation {
namespace {

class SimulatedHost : public Host {
  test::FakeHost& here() const { return *here_; }
  template <typename Effect>
  auto ask(std::string_view call, std::string_view object, Effect effect) {
    return process_->ask(Process::Of::Host, call, object, effect);
  }
  template <typename Effect>
  void change(std::string_view call, std::string_view object, Effect effect) {
    process_->change(Process::Of::Host, call, object, effect);
  }

 public:
  explicit SimulatedHost(Process& process) : process_(&process) {}

  const std::string& name() const override { return here().name(); }
  Inventory inventory() override {
    return ask("inventory", "", [this] { return here().inventory(); });
  }
  std::optional<NetworkState> find_network(const Claim& claim) override {
    return ask("find_network", claim.name, [&] { return here().find_network(claim); });
  }
  void create_network(const NetworkSpec& spec) override {
    change("create_network", spec.claim.name, [here = here_, spec] { here->create_network(spec); });
  }
  void set_network_names(const Claim& claim, const std::vector<HostName>& names) override {
    change("set_network_names", claim.name,
           [here = here_, claim, names] { here->set_network_names(claim, names); });
  }
  void remove_network(const Claim& claim) override {
    change("remove_network", claim.name, [here = here_, claim] { here->remove_network(claim); });
  }
  std::optional<PoolState> find_pool(const Claim& claim) override {
    return ask("find_pool", claim.name, [&] { return here().find_pool(claim); });
  }
  void create_pool(const Claim& claim) override {
    change("create_pool", claim.name, [here = here_, claim] { here->create_pool(claim); });
  }
  void remove_pool(const Claim& claim) override {
    change("remove_pool", claim.name, [here = here_, claim] { here->remove_pool(claim); });
  }
  std::optional<VolumeState> find_volume(const VolumeId& id) override {
    return ask("find_volume", id.name, [&] { return here().find_volume(id); });
  }
  void create_volume(const VolumeId& id, Content& content) override {
    std::string bytes;
    while (const std::optional<Extent> extent = content.next())
      bytes += extent->data;
    const test::FakeContent whole(content.size(), bytes);
    process_->change(
        Process::Of::Host, "create_volume", id.name,
        [here = here_, id, copy = whole]() mutable { here->create_volume(id, copy); },
        [here = here_, id, copy = whole]() mutable { here->create_half_volume(id, copy); });
  }
  void create_directory(const VolumeId& id) override {
    change("create_directory", id.name, [here = here_, id] { here->create_directory(id); });
  }
  void grow_volume(const VolumeId& id, Bytes size) override {
    change("grow_volume", id.name, [here = here_, id, size] { here->grow_volume(id, size); });
  }
  std::map<std::string, std::vector<std::string>> volume_users(const std::string& pool) override {
    return ask("volume_users", pool, [&] { return here().volume_users(pool); });
  }
  void remove_volume(const VolumeId& id) override {
    change("remove_volume", id.name, [here = here_, id] { here->remove_volume(id); });
  }
  std::string read_volume_tail(const VolumeId& id, std::size_t limit) override {
    return ask("read_volume_tail", id.name, [&] { return here().read_volume_tail(id, limit); });
  }
  std::optional<GuestState> find_guest(const Claim& claim) override {
    return ask("find_guest", claim.name, [&] { return here().find_guest(claim); });
  }
  void define_guest(const GuestSpec& spec) override {
    change("define_guest", spec.claim.name, [here = here_, spec] { here->define_guest(spec); });
  }
  void start_guest(const Claim& claim) override {
    change("start_guest", claim.name, [here = here_, claim] { here->start_guest(claim); });
  }
  void shut_down_guest(const Claim& claim) override {
    change("shut_down_guest", claim.name, [here = here_, claim] { here->shut_down_guest(claim); });
  }
  void destroy_guest(const Claim& claim) override {
    change("destroy_guest", claim.name, [here = here_, claim] { here->destroy_guest(claim); });
  }
  void undefine_guest(const Claim& claim) override {
    change("undefine_guest", claim.name, [here = here_, claim] { here->undefine_guest(claim); });
  }
  void set_guest_memory(const Claim& claim, Bytes memory) override {
    change("set_guest_memory", claim.name,
           [here = here_, claim, memory] { here->set_guest_memory(claim, memory); });
  }
  std::string console_tail(const Claim& claim, std::size_t limit) override {
    return ask("console_tail", claim.name, [&] { return here().console_tail(claim, limit); });
  }

 private:
  Process* process_;
  test::FakeHost* here_ =  // Late effects outlive the process, not this.
      &process_->world().fake.here();
};

}  // namespace

std::unique_ptr<Host> make_simulated_host(Process& process) {
  return std::make_unique<SimulatedHost>(process);
}

}  // namespace encamp::simulation
