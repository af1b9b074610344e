// Waiting until hosts have room for a deployment.
#pragma once

#include <optional>
#include <string>

#include "engine/error.h"
#include "engine/world/clock.h"
#include "src/program.h"

namespace encamp {

/// What the command line gives for `--wait` without a time.
inline constexpr const char* kForEver = "true";

/// Nothing for kForEver. REQUIRES: else `text` is a time.
std::optional<Duration> read_patience(const std::string& text);

class Waiting {
 public:
  /// No patience: for ever. Everything is borrowed.
  Waiting(Program& program, Clock& clock, std::optional<Duration> patience)
      : program_(program), clock_(clock), patience_(patience), began_(clock.now()) {}

  /// Says what is waited for when that has changed, and returns after a moment. Throws `refusal`
  /// when the time is over, Error(Interrupted) when the user asks to stop.
  void wait(const Error& refusal);

 private:
  Program& program_;
  Clock& clock_;
  std::optional<Duration> patience_;
  Clock::Instant began_;
  std::string said_;
};

}  // namespace encamp
