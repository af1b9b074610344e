// What others do to the host and the nodes of a life: other deployments, people.
#include <algorithm>

#include <fmt/format.h>

#include "engine/world/image_store.h"
#include "tests/simulation/life.h"

namespace encamp::simulation {

// What a process leaves that died: after its upload broke off, with the marker under way, or while
// it took such a leftover away itself.
void Life::leave_image(Leftover leftover, Isolation isolation, Baton::Time delay) {
  test::FakeHost& host = world_.fake.here();
  const std::string key = world_.fake.fake_workshop.key({.debian = "bookworm"}, isolation);
  if (!host.find_pool(image_pool()))
    host.create_pool(image_pool());
  for (const char* part : {"root", "kernel", "initrd", "complete"}) {
    if (host.find_volume(image_volume(key, part)))
      return;
  }
  for (const std::string& part : image_parts(isolation)) {
    test::FakeContent content(Bytes::mebi(1), "of another");
    if (leftover == Leftover::Half && part == "root")
      host.create_half_volume(image_volume(key, part), content);
    else if (leftover != Leftover::Half)
      host.create_volume(image_volume(key, part), content);
  }
  const auto land = [this, delay](const std::string& what, const std::function<void()>& effect) {
    world_.later(delay, what + " of another deployment", [effect] {
      try {
        effect();
      } catch (const Error&) {
        return;  // Nobody hears of it.
      }
    });
  };
  if (leftover == Leftover::MarkerUnderWay)
    land("the marker", [&host, key] {
      test::FakeContent marker(Bytes(1), "m");
      host.create_volume(image_volume(key, "complete"), marker);
    });
  if (leftover == Leftover::RemovalUnderWay)
    land("a removal", [&host, key] { host.remove_volume(image_volume(key, "root")); });
}

// Somebody changes something on a node. Returns whether there was something to change.
bool Life::change_by_hand(int changes) {
  std::vector<std::function<void()>> all = changes_by_hand();
  bool changed = false;
  for (; changes > 0 && !all.empty(); --changes) {
    const std::size_t chosen = chance_.below(all.size());
    all[chosen]();
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(chosen));
    changed = true;
  }
  return changed;
}

// Of several on one thing those that come too late do nothing.
std::vector<std::function<void()>> Life::changes_by_hand() {
  std::vector<std::function<void()>> all;
  const auto add = [&](const std::string& what, std::function<void()> change) {
    all.emplace_back([this, what, change = std::move(change)] {
      world_.write("by hand: " + what);
      change();
    });
  };
  const auto change_entry = [](auto& map, const std::string& key, auto change) {
    if (const auto found = map.find(key); found != map.end())
      change(found->second);
  };
  for (const RandomSite::Inside& inside : site_.insides(secret())) {
    test::FakeMachine* machine = machine_of(inside.node);
    if (machine == nullptr)
      continue;
    const auto erase_and_chmod = [&](const std::string& path) {
      add(path + " goes", [=] { machine->files.erase(path); });
      add(path + " is for all",
          [=] { change_entry(machine->files, path, [](FileSpec& file) { file.mode = 0777; }); });
    };
    for (const auto& [path, content] : inside.files) {
      erase_and_chmod(path);
      add(path + " has another text", [=, at = path] {
        change_entry(machine->files, at, [](FileSpec& file) { file.content = "by hand"; });
      });
    }
    for (const auto& [path, mode] : inside.directories)
      erase_and_chmod(path);
    for (const auto& [user, shell] : inside.users) {
      add(user + " goes", [=, name = user] { machine->users.erase(name); });
      add(user + " has another shell", [=, name = user] {
        change_entry(machine->users, name, [](UserState& state) { state.shell = "/bin/other"; });
      });
    }
    for (const auto& [group, gid] : inside.groups) {
      add(group + " goes", [=, name = group] { machine->groups.erase(name); });
      add(group + " has another number", [=, name = group] {
        change_entry(machine->groups, name, [](int& number) { number = 77; });
      });
    }
    for (const auto& [path, archive] : inside.archives)
      add(path + " goes", [=, at = path] {
        machine->files.erase(at);
        machine->unpacked.erase(at);
      });
    for (const std::string& product : inside.products)
      add(product + " goes", [=, this] {
        machine->files.erase(product);
        world_.forget_run(machine, product);
      });
    for (const std::string& package : inside.packages)
      add(package + " is removed", [=] {
        machine->packages.erase(package);
        machine->units.erase(package);
      });
    for (const auto& [service, enabled] : inside.services) {
      add(service + " stops", [=, name = service] {
        change_entry(machine->units, name,
                     [](test::FakeMachine::Unit& unit) { unit.active = false; });
      });
      add(service + " is enabled or not", [=, name = service] {
        change_entry(machine->units, name,
                     [](test::FakeMachine::Unit& unit) { unit.enabled = !unit.enabled; });
      });
    }
  }
  return all;
}

Life::Foreign Life::draw_foreign() {
  Foreign foreign;
  foreign.network = chance_.is(50);
  foreign.guest = chance_.is(50);
  foreign.redefined = chance_.is(50);
  foreign.pool = chance_.is(30);
  return foreign;
}

void Life::add_foreign(const Foreign& drawn) {
  test::FakeHost& host = world_.fake.here();
  const auto exists = [&](const std::string& object) {
    return std::ranges::count(host.objects(), object) > 0;
  };
  if (drawn.network && !exists("network encamp.lab.lan"))
    host.add_foreign_network("encamp.lab.lan");
  if (drawn.guest && !exists("guest encamp.lab.a"))
    host.add_foreign_guest("encamp.lab.a");
  if (drawn.redefined && world_.store.deployment && !exists("guest encamp.lab.b"))
    host.add_foreign_guest("encamp.lab.b",
                           uuid_of({world_.store.deployment->id, "nodes.b", 1}, "guest"));
  if (drawn.pool && !exists("pool encamp.lab"))
    host.add_foreign_pool("encamp.lab");
  foreign_ = host.foreign();
}

}  // namespace encamp::simulation
