// The lock of a deployment: who writes holds it, the kernel frees it when the process ends.
#pragma once

#include <filesystem>
#include <optional>
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

/// Who holds `folder`/lock, for people: `'encamp up site.yaml' (process 12) since 2026-...`.
/// Nothing when nobody does. Takes no lock, so it is in nobody's way.
std::optional<std::string> find_lock_holder(const std::filesystem::path& folder);

}  // namespace encamp
