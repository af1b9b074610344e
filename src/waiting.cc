#include "src/waiting.h"

#include <fmt/format.h>

#include "src/terminal_text.h"

namespace encamp {
namespace {

constexpr std::chrono::milliseconds kPause{500};

}  // namespace

std::optional<Duration> read_patience(const std::string& text) {
  return text == kForEver ? std::nullopt : parse_duration(text);
}

void Waiting::wait(const Error& refusal) {
  if (patience_ && clock_.now() - began_ >= *patience_)
    throw Error(refusal).with_hint(fmt::format(
        "waited {} for it",
        elapsed(std::chrono::duration_cast<std::chrono::milliseconds>(clock_.now() - began_))));
  const std::string reason = fmt::format("{}\n{}", refusal.what(), refusal.detail());
  if (reason != said_) {
    program_.err().write(
        fmt::format("waiting for room: {}\n{}", refusal.what(), indented(refusal.detail(), 4)));
    said_ = reason;
  }
  clock_.sleep(kPause, program_.signals().stop());
  if (program_.signals().stop().stop_requested())
    throw Error(ErrorKind::Interrupted, "interrupted while waiting for room");
}

}  // namespace encamp
