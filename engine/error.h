// Failures while a site is observed or changed. What is wrong with a description is a Diagnostic
// instead (engine/description/diagnostic.h).
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace encamp {

/// What a caller may sensibly do about a failure.
enum class ErrorKind {
  NotFound,     ///< The named thing does not exist.
  Conflict,     ///< It exists, but is not ours or is not as expected; it was not touched.
  Unavailable,  ///< A host or guest did not answer; trying again may help.
  Denied,       ///< We may not do this; trying again will not help.
  NoRoom,       ///< Memory, disk or addresses do not suffice.
  Failed,       ///< It was tried and it failed: a command's exit code, a unit that died.
  Timeout,      ///< It did not come about before its deadline.
  Unknown,      ///< It may have happened or not, and nobody can tell any more.
  Busy,         ///< Another process holds it.
  Interrupted,  ///< Someone asked us to stop; never retried.
};

/// Thrown when an operation on the outside world failed. Each layer that knows more adds one line
/// of context while the exception passes:
///
///     error: cannot start domain 'lab-web': no space left on device
///       while creating nodes.web
///     next: encamp doctor
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}

  ErrorKind kind() const { return kind_; }
  const std::vector<std::string>& context() const { return context_; }
  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }

  /// Adds "while ..."; the innermost context comes first.
  void add_context(std::string context) { context_.push_back(std::move(context)); }

  /// What was seen, as many lines as it takes: the end of a command's output, of a console.
  Error& with_detail(std::string detail) {
    detail_ = std::move(detail);
    return *this;
  }

  /// What to do about it, best a command to type.
  Error& with_hint(std::string hint) {
    hint_ = std::move(hint);
    return *this;
  }

 private:
  ErrorKind kind_;
  std::vector<std::string> context_;
  std::string detail_;
  std::string hint_;
};

/// Runs `operation`; an Error leaving it says it happened "while `context`".
template <typename Operation>
decltype(auto) with_context(const std::string& context, Operation&& operation) {
  try {
    return std::forward<Operation>(operation)();
  } catch (Error& error) {
    error.add_context("while " + context);
    throw;
  }
}

}  // namespace encamp
