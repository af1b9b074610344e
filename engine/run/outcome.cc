#include "engine/run/outcome.h"

#include <algorithm>

#include <fmt/format.h>

namespace encamp {

std::string Outcome::summary() const {
  std::string text;
  const auto add = [&](std::size_t count, const char* what) {
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(static_cast<std::size_t>(created), "created");
  add(static_cast<std::size_t>(updated), "updated");
  add(static_cast<std::size_t>(removed), "removed");
  add(failures.size(), "failed");
  add(skipped.size(), "skipped");
  if (interrupted)
    text += text.empty() ? "interrupted" : ", interrupted";
  return text.empty() && tested == 0 ? "nothing to do" : text;
}

Outcome combine(Outcome first, const Outcome& later) {
  first.created += later.created;
  first.updated += later.updated;
  first.removed += later.removed;
  first.tested += later.tested;
  first.failures.insert(first.failures.end(), later.failures.begin(), later.failures.end());
  first.skipped.insert(first.skipped.end(), later.skipped.begin(), later.skipped.end());
  first.left.insert(first.left.end(), later.left.begin(), later.left.end());
  first.tests_failed = first.tests_failed || later.tests_failed;
  first.interrupted = first.interrupted || later.interrupted;
  first.abandoned += later.abandoned;
  first.total += later.total;
  first.slowest.insert(first.slowest.end(), later.slowest.begin(), later.slowest.end());
  std::ranges::stable_sort(first.slowest, std::greater<>{}, &Timing::took);
  first.slowest.resize(std::min<std::size_t>(first.slowest.size(), 5));
  return first;
}

int exit_code(const Outcome& outcome, int signal) {
  if (!outcome.left.empty())
    return 4;
  if (outcome.interrupted)
    return 128 + signal;
  if (!outcome.failures.empty() || !outcome.skipped.empty())
    return 1;
  return outcome.tests_failed ? 3 : 0;
}

}  // namespace encamp
