// The real world: hosts through libvirt, nodes through SSH, this machine's clocks and workshop.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/world/world.h"
#include "src/libvirt_host.h"
#include "src/local_clock.h"

namespace encamp {

/// Threads: any, at the same time.
class LocalWorld : public World {
 public:
  /// `init` is the first process of nodes (Installation::init). Nothing is connected yet. Throws
  /// Error(Denied) for a host whose URI is refused.
  LocalWorld(const std::vector<HostSettings>& hosts, std::filesystem::path init);
  ~LocalWorld() override;

  Host& host(const std::string& name) override;
  std::vector<std::string> host_names() override;
  Workshop& workshop() override;
  Clock& clock() override { return clock_; }
  Random& random() override { return random_; }
  SshKey make_ssh_key() override;
  std::unique_ptr<Guest> connect(const Login& login, Clock::Instant deadline,
                                 std::stop_token stop) override;

 private:
  std::filesystem::path init_;
  std::vector<std::unique_ptr<LibvirtHost>> hosts_;
  LocalClock clock_;
  LocalRandom random_;
  std::once_flag made_workshop_;
  std::unique_ptr<Workshop> workshop_;
};

}  // namespace encamp
