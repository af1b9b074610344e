// What every command works with: where it prints, what may interrupt it, and, made at first use,
// the components and the world.
#pragma once

#include <memory>

#include "engine/component/registry.h"
#include "src/installation.h"
#include "src/signals.h"
#include "src/terminal_output.h"

namespace encamp {

/// Thrown when what the user gave is wrong and has been told so already; gives ExitCode::Wrong.
struct WrongInput {};

/// Threads: the main one.
class Program {
 public:
  Program();
  ~Program();

  OutputStream& out() { return out_; }  ///< What was asked for.
  OutputStream& err() { return err_; }  ///< Errors, questions.
  Signals& signals() { return signals_; }
  const Installation& installation() const { return installation_; }
  /// All components, loaded at the first call.
  const Registry& registry();

  /// Says what went wrong, `error: ...` with all that belongs to it.
  void report(const Error& error);

 private:
  OutputStream out_;
  OutputStream err_;
  Signals signals_;
  Installation installation_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace encamp
