#include "src/workshop_guest.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/error.h"
#include "src/agent_frames.h"
#include "src/agent_guest.h"

namespace encamp {
namespace {

using SteadyClock = std::chrono::steady_clock;

class TreeGuest : public AgentGuest {
 public:
  TreeGuest(const Descriptor& requests, const Descriptor& answers)
      : requests_(requests), answers_(answers) {}

 private:
  std::vector<std::string> ask(std::string_view operation,
                               const std::vector<std::string>& arguments,
                               std::chrono::milliseconds patience) override {
    const SteadyClock::time_point deadline = SteadyClock::now() + patience;
    write(request_frame(operation, arguments), deadline);
    const std::size_t size = frame_size(read(kFrameHead, deadline));
    return results_of(read(size, deadline));
  }

  // That the agent has gone shows at its answers: we hold both ends of its requests.
  void write(std::string_view bytes, SteadyClock::time_point deadline) {
    while (!bytes.empty()) {
      std::array<pollfd, 2> ready{{{requests_.get(), POLLOUT, 0}, {answers_.get(), 0, 0}}};
      wait(ready, deadline);
      if ((ready[1].revents & (POLLHUP | POLLERR)) != 0)
        throw_gone();
      const ssize_t count = ::write(requests_.get(), bytes.data(), bytes.size());
      if (count > 0)
        bytes.remove_prefix(static_cast<std::size_t>(count));
      else if (count < 0 && errno != EAGAIN && errno != EINTR)
        throw_gone();
    }
  }

  std::string read(std::size_t size, SteadyClock::time_point deadline) {
    std::string bytes;
    std::array<char, 65536> part{};
    while (bytes.size() < size) {
      std::array<pollfd, 2> ready{{{answers_.get(), POLLIN, 0}, {-1, 0, 0}}};
      wait(ready, deadline);
      const ssize_t count =
          ::read(answers_.get(), part.data(), std::min(part.size(), size - bytes.size()));
      if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR))
        throw_gone();
      if (count > 0)
        bytes.append(part.data(), static_cast<std::size_t>(count));
    }
    return bytes;
  }

  static void wait(std::array<pollfd, 2>& ready, SteadyClock::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    const int patience = static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30));
    if (poll(ready.data(), ready.size(), patience) == 0)
      throw Error(ErrorKind::Timeout, "the agent in the image does not answer");
  }

  [[noreturn]] static void throw_gone() {
    throw Error(ErrorKind::Failed, "the agent in the image has ended");
  }

  const Descriptor& requests_;
  const Descriptor& answers_;
};

Descriptor make_pipe(const std::filesystem::path& path, int flags) {
  if (mkfifo(path.c_str(), 0600) != 0)
    throw Error(ErrorKind::Failed, "cannot make the pipe '" + path.string() + "'");
  return open_file(path, flags | O_NONBLOCK);
}

}  // namespace

TreeAgent::TreeAgent(const std::filesystem::path& directory)
    : directory_(directory),
      // To write alone would wait for a reader.
      requests_(make_pipe(directory / "requests", O_RDWR)),
      answers_(make_pipe(directory / "answers", O_RDONLY)) {
  write_whole_file(directory / "agent.pl", kSshAgentText);
}

void TreeAgent::realize(const std::function<void(Guest&)>& work) {
  try {
    TreeGuest guest(requests_, answers_);
    work(guest);
  } catch (const Error&) {
    failure_ = std::current_exception();
    write_whole_file(directory_ / "failed", "");
  }
  requests_ = Descriptor();
}

void TreeAgent::throw_failure() const {
  if (failure_)
    std::rethrow_exception(failure_);
}

}  // namespace encamp
