#include "src/ssh_guest.h"

#include <optional>

#include "src/agent_guest.h"
#include "src/ssh_agent.h"
#include "src/ssh_session.h"

namespace encamp {
namespace {

using std::chrono::seconds;

constexpr seconds kReconnect{30};  ///< How long a broken connection is tried again.

Clock::Instant in(std::chrono::milliseconds duration) {
  return std::chrono::steady_clock::now() + duration;
}

class SshGuest : public AgentGuest {
 public:
  SshGuest(Login login, Clock::Instant deadline, std::stop_token stop, std::string state)
      : login_(std::move(login)), stop_(std::move(stop)), state_(std::move(state)) {
    connect(deadline);
  }

 private:
  void connect(Clock::Instant deadline) {
    agent_.reset();
    session_.reset();
    session_ = SshSession::connect(login_, deadline, stop_);
    agent_.emplace(*session_, state_, deadline);
  }

  std::vector<std::string> ask(std::string_view operation,
                               const std::vector<std::string>& arguments,
                               std::chrono::milliseconds patience) override {
    if (!agent_ || agent_->is_broken())
      connect(in(kReconnect));
    return agent_->ask(operation, arguments, in(patience));
  }

  Login login_;
  std::stop_token stop_;
  std::string state_;
  std::optional<SshSession> session_;
  std::optional<SshAgent> agent_;  ///< Goes before its session.
};

}  // namespace

std::unique_ptr<Guest> connect_guest(const Login& login, Clock::Instant deadline,
                                     std::stop_token stop, const std::string& state) {
  return std::make_unique<SshGuest>(login, deadline, std::move(stop), state);
}

}  // namespace encamp
