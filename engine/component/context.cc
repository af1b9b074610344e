#include "engine/component/context.h"

#include <algorithm>
#include <chrono>

namespace encamp {

Duration Context::time_left() {
  const auto left = std::chrono::duration_cast<Duration>(deadline() - clock().now());
  return std::max(left, Duration(1));
}

bool Context::wait_until(const std::function<bool()>& done, Clock::Instant deadline,
                         Duration pause) {
  while (true) {
    if (stop().stop_requested())
      throw Error(ErrorKind::Interrupted, "interrupted");
    if (done())
      return true;
    if (clock().now() >= deadline)
      return false;
    clock().sleep(pause, stop());
  }
}

}  // namespace encamp
