// How init ends when it cannot go on: the reason goes to the console, where encamp finds it.
#pragma once

namespace encamp::init {

/// Prints `encamp-init: cannot <what> <about>: <strerror(errno)>` and ends: the process in a
/// container, which stops it, the power of a machine.
[[noreturn]] void fail(const char* what, const char* about = "");

inline void must(bool done, const char* what, const char* about = "") {
  if (!done)
    fail(what, about);
}

}  // namespace encamp::init
