#include "src/local_clock.h"

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>

#include <sys/random.h>

namespace encamp {

Clock::Instant LocalClock::now() {
  return std::chrono::steady_clock::now();
}

Clock::WallTime LocalClock::wall_time() {
  return std::chrono::floor<Duration>(std::chrono::system_clock::now());
}

void LocalClock::sleep(std::chrono::nanoseconds duration, std::stop_token stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, std::move(stop), duration, [] { return false; });
}

std::string LocalRandom::bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t done = 0; done < count;) {
    const ssize_t got = ::getrandom(bytes.data() + done, count - done, 0);
    if (got < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "cannot get random bytes");
    if (got > 0)
      done += static_cast<std::size_t>(got);
  }
  return bytes;
}

}  // namespace encamp
