// Takes the secrets of a deployment out of whatever leaves a run: events, evidence, errors. What a
// component or a command prints is not known beforehand, so all of it passes here.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "engine/description/value.h"
#include "engine/error.h"
#include "engine/run/events.h"
#include "engine/run/report.h"

namespace encamp {

/// Threads: any.
class Mask {
 public:
  /// Hides the text of each open secret in `value` from here on, where it has at least kShortest
  /// letters: a shorter one would take ordinary words along.
  void add(const Value& value);
  /// `text` with `(secret)` for each of them.
  std::string masked(std::string_view text) const;
  Error masked(const Error& error) const;
  /// Whether one of them is in `text`.
  bool hides(std::string_view text) const;

  static constexpr std::size_t kShortest = 6;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> texts_;  ///< The longest first.
};

/// Both are borrowed.
class MaskedEvents : public Events {
 public:
  MaskedEvents(const Mask& mask, Events& next) : mask_(&mask), next_(&next) {}
  void on(const Event& event) override;

 private:
  const Mask* mask_;
  Events* next_;
};

class MaskedReport : public Report {
 public:
  MaskedReport(const Mask& mask, Report& next) : mask_(&mask), next_(&next) {}
  void keep(const std::string& path, std::string_view bytes) override;

 private:
  const Mask* mask_;
  Report* next_;
};

}  // namespace encamp
