#include "components/node/init/fail.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <sys/reboot.h>
#include <unistd.h>

namespace encamp::init {

void fail(const char* what, const char* about) {
  std::fprintf(stderr, "encamp-init: cannot %s%s%s: %s\n", what, *about == '\0' ? "" : " ", about,
               std::strerror(errno));
  std::fflush(stderr);
  sync();
  // A process of the initrd alone may switch a machine off; in a container the namespace ends.
  if (access("/modules", F_OK) == 0)
    reboot(RB_POWER_OFF);
  std::_Exit(1);
}

}  // namespace encamp::init
