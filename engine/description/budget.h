// How much work one description may ask for, so that every file ends with an answer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace encamp {

/// Bounds of resolving. The defaults are for files that people write for themselves.
struct ResolveBudget {
  std::size_t copies = 20'000;           ///< That one `count` or `for_each` makes.
  std::uint64_t steps = 10'000'000'000;  ///< Evaluations; 64 bytes of text are one too.
};

/// For files from elsewhere: an answer within a second and 200 MiB.
inline constexpr ResolveBudget kUntrustedBudget{.copies = 1'000, .steps = 1'000'000};

/// Thrown when the steps are used up, or the stack is; resolve() makes a diagnostic of it.
struct OverBudget {};

/// What is left of a budget while one description is resolved.
class Budget {
 public:
  explicit Budget(const ResolveBudget& bounds) : copies_(bounds.copies), left_(bounds.steps) {}

  std::size_t copies() const { return copies_; }

  /// Throws OverBudget when less than `steps` are left, or evaluation is nested so deep that the
  /// stack would not suffice. REQUIRES: called on the thread that made it.
  void spend(std::uint64_t steps) {
    const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
    if (steps > left_ || (base_ > here && base_ - here > kStack)) {
      left_ = 0;
      throw OverBudget();
    }
    left_ -= steps;
  }

 private:
  static constexpr std::uintptr_t kStack = 4 << 20;  ///< Half of what threads have by default.

  std::size_t copies_;
  std::uint64_t left_;
  std::uintptr_t base_ = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
};

}  // namespace encamp
