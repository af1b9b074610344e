#include "engine/run/connections.h"

#include "engine/error.h"

namespace encamp {

Guest& Connections::get(const Record& node, const std::string& host_key,
                        const std::string& private_key, Clock::Instant deadline,
                        std::stop_token stop) {
  if (Guest* open = find(node.address))
    return *open;
  const Login login{.address = address_of(node), .host_key = host_key, .private_key = private_key};
  std::unique_ptr<Guest> guest = with_context("connecting to " + node.address, [&] {
    return world_->connect(login, deadline, std::move(stop));
  });
  const std::lock_guard lock(mutex_);
  return *(open_[node.address] = std::move(guest));
}

Guest* Connections::find(const Address& node) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(node);
  return found == open_.end() ? nullptr : found->second.get();
}

void Connections::drop(const Address& node) {
  std::unique_ptr<Guest> closed;  // Closes after the lock is released.
  const std::lock_guard lock(mutex_);
  if (auto entry = open_.extract(node))
    closed = std::move(entry.mapped());
}

std::string address_of(const Record& node) {
  const auto networks = node.properties.find("networks");
  if (networks != node.properties.end() && networks->second.is_mapping() &&
      !networks->second.mapping().empty()) {
    const Value* address = networks->second.mapping().front().value.find("address");
    if (address != nullptr && address->is_text())
      return address->text();
  }
  throw Error(ErrorKind::Failed, node.address + " is on no network: nobody can log in");
}

}  // namespace encamp
