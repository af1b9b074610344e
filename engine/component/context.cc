#include "engine/component/context.h"

namespace encamp {

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
