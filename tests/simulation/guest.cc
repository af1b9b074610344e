// The inside of a node as a process reaches it: over a connection that breaks when the node ends.
#include <memory>

#include "tests/simulation/process.h"

namespace encamp::simulation {
namespace {

class SimulatedGuest : public Guest {
  // Reaches the node, if it is still the one that was connected to. Owns what it needs.
  template <typename Effect>
  auto reaching(Effect effect) const {
    return [world = &process_->world(), address = address_, inside = inside_, machine = machine_,
            effect]() {
      if (world->fake.machine(address) != machine)
        throw Error(ErrorKind::Unavailable, "connection closed");
      return effect(*inside);
    };
  }
  template <typename Effect>
  auto ask(std::string_view call, const std::string& object, Effect effect) {
    return process_->ask(Process::Of::Guest, call, address_ + " " + object, reaching(effect));
  }
  template <typename Effect>
  auto change(std::string_view call, const std::string& object, Effect effect) {
    return process_->change(Process::Of::Guest, call, address_ + " " + object, reaching(effect));
  }

 public:
  SimulatedGuest(Process& process, std::string address, std::unique_ptr<Guest> inside)
      : process_(&process),
        address_(std::move(address)),
        inside_(std::move(inside)),
        machine_(process.world().fake.machine(address_)) {}

  CommandResult probe(const Command& command) override {
    return change("probe", command.text, [command](Guest& g) { return g.probe(command); });
  }
  CommandResult run(const Receipt& receipt, const Command& command) override {
    return change("run", command.text,
                  [receipt, command, world = &process_->world(),
                   life = process_->world().life_of(command)](Guest& g) {
                    world->running_life = life;
                    return g.run(receipt, command);
                  });
  }
  std::optional<FileState> find_file(const std::string& path) override {
    return ask("find_file", path, [&](Guest& g) { return g.find_file(path); });
  }
  std::string read_file(const std::string& path, std::size_t limit) override {
    return ask("read_file", path, [&](Guest& g) { return g.read_file(path, limit); });
  }
  void write_file(const FileSpec& file) override {
    change("write_file", file.path, [file](Guest& g) { g.write_file(file); });
  }
  void remove_file(const std::string& path) override {
    change("remove_file", path, [path](Guest& g) { g.remove_file(path); });
  }
  void rename_file(const std::string& from, const std::string& to) override {
    change("rename_file", to, [from, to](Guest& g) { g.rename_file(from, to); });
  }
  void copy_file(const std::string& from, const std::string& to) override {
    change("copy_file", to, [from, to](Guest& g) { g.copy_file(from, to); });
  }
  void unpack(const std::string& path, const std::string& archive, int strip) override {
    change("unpack", path, [=](Guest& g) { g.unpack(path, archive, strip); });
  }
  void remove_unpacked(const std::string& path) override {
    change("remove_unpacked", path, [path](Guest& g) { g.remove_unpacked(path); });
  }
  void write_tree(const TreeSpec& tree) override {
    change("write_tree", tree.path, [tree](Guest& g) { g.write_tree(tree); });
  }
  void remove_tree(const std::string& path) override {
    change("remove_tree", path, [path](Guest& g) { g.remove_tree(path); });
  }
  std::optional<UserState> find_user(const std::string& name) override {
    return ask("find_user", name, [&](Guest& g) { return g.find_user(name); });
  }
  void put_user(const UserSpec& user) override {
    change("put_user", user.name, [user](Guest& g) { g.put_user(user); });
  }
  void remove_user(const std::string& name) override {
    change("remove_user", name, [name](Guest& g) { g.remove_user(name); });
  }
  std::optional<int> find_group(const std::string& name) override {
    return ask("find_group", name, [&](Guest& g) { return g.find_group(name); });
  }
  void put_group(const std::string& name, std::optional<int> gid, bool system) override {
    change("put_group", name, [=](Guest& g) { g.put_group(name, gid, system); });
  }
  void remove_group(const std::string& name) override {
    change("remove_group", name, [name](Guest& g) { g.remove_group(name); });
  }
  bool listens(int port) override {
    return ask("listens", "", [&](Guest& g) { return g.listens(port); });
  }
  int http_status(const std::string& url) override {
    return ask("http_status", url, [&](Guest& g) { return g.http_status(url); });
  }
  std::map<std::string, std::string> installed(const std::vector<std::string>& packages) override {
    return ask("installed", packages.empty() ? "" : packages.front(),
               [&](Guest& g) { return g.installed(packages); });
  }
  void update_packages(Duration timeout) override {
    change("update_packages", "", [timeout](Guest& g) { g.update_packages(timeout); });
  }
  void install(const std::vector<std::string>& packages, Duration timeout) override {
    change("install", packages.empty() ? "" : packages.front(),
           [packages, timeout](Guest& g) { g.install(packages, timeout); });
  }
  void uninstall(const std::vector<std::string>& packages, Duration timeout) override {
    change("uninstall", packages.front(),
           [packages, timeout](Guest& g) { g.uninstall(packages, timeout); });
  }
  UnitState unit(const std::string& name) override {
    return ask("unit", name, [&](Guest& g) { return g.unit(name); });
  }
  void enable_unit(const std::string& name, bool enabled) override {
    change("enable_unit", name, [name, enabled](Guest& g) { g.enable_unit(name, enabled); });
  }
  void start_unit(const std::string& name) override {
    change("start_unit", name, [name](Guest& g) { g.start_unit(name); });
  }
  void restart_unit(const std::string& name) override {
    change("restart_unit", name, [name](Guest& g) { g.restart_unit(name); });
  }
  void stop_unit(const std::string& name) override {
    change("stop_unit", name, [name](Guest& g) { g.stop_unit(name); });
  }
  std::string unit_journal(const std::string& name, int lines) override {
    return ask("unit_journal", name, [&](Guest& g) { return g.unit_journal(name, lines); });
  }

 private:
  Process* process_;
  const std::string address_;
  const std::shared_ptr<Guest> inside_;
  const test::FakeMachine* const machine_;
};

}  // namespace

std::unique_ptr<Guest> make_simulated_guest(Process& process, const std::string& address,
                                            std::unique_ptr<Guest> inside) {
  return std::make_unique<SimulatedGuest>(process, address, std::move(inside));
}

}  // namespace encamp::simulation
