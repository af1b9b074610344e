#include "src/local_world.h"

#include "engine/error.h"
#include "src/local_workshop.h"
#include "src/ssh_guest.h"
#include "src/ssh_key.h"

namespace encamp {

LocalWorld::LocalWorld(const std::vector<HostSettings>& hosts, std::filesystem::path init)
    : init_(std::move(init)) {
  for (const HostSettings& settings : hosts)
    hosts_.push_back(std::make_unique<LibvirtHost>(settings));
}

LocalWorld::~LocalWorld() = default;

Host& LocalWorld::host(const std::string& name) {
  for (const std::unique_ptr<LibvirtHost>& host : hosts_) {
    if (host->name() == name)
      return *host;
  }
  throw Error(ErrorKind::NotFound, "hosts.yaml has no host '" + name + "'")
      .with_hint("--hosts FILE with that host in it");
}

std::vector<std::string> LocalWorld::host_names() {
  std::vector<std::string> names;
  for (const std::unique_ptr<LibvirtHost>& host : hosts_)
    names.push_back(host->name());
  return names;
}

Workshop& LocalWorld::workshop() {
  std::call_once(made_workshop_, [this] { workshop_ = std::make_unique<LocalWorkshop>(init_); });
  return *workshop_;
}

SshKey LocalWorld::make_ssh_key() {
  return encamp::make_ssh_key();
}

std::unique_ptr<Guest> LocalWorld::connect(const Login& login, Clock::Instant deadline,
                                           std::stop_token stop) {
  return connect_guest(login, deadline, std::move(stop));
}

}  // namespace encamp
