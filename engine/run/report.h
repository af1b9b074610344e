// Where what was seen is kept: the evidence of a failure, the files that tests collect.
#pragma once

#include <string>
#include <string_view>

namespace encamp {

/// Threads: any, at the same time. Does not throw: evidence never makes things worse.
class Report {
 public:
  virtual ~Report() = default;
  /// Keeps `bytes` under `path`, whose parts are addresses, node names and paths on nodes:
  /// `tests.page/output`, `nodes.web/console`, `tests.page/web/var/log/x`. Implementations make
  /// safe file names of them. Twice the same path: the later one stays.
  virtual void keep(const std::string& path, std::string_view bytes) = 0;
};

}  // namespace encamp
