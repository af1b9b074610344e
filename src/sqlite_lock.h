// The lock of a deployment: who writes holds it, the kernel frees it when the process ends.
#pragma once

#include <filesystem>
#include <string>

#include "src/local_file.h"

namespace encamp {

class DeploymentLock {
 public:
  /// Takes `folder`/lock and writes into it who holds it: pid, `command`, and since when. Throws
  /// Error(Busy) that says who does.
  DeploymentLock(const std::filesystem::path& folder, const std::string& command);

 private:
  Descriptor file_;
};

}  // namespace encamp
