// Runs a program and keeps what it said, as a user would see it.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace encamp::test {

struct ProgramResult {
  int exit = -1;  ///< 128 + signal when it died of one.
  std::string out;
  std::string err;
};

/// Runs `arguments[0]` with nothing on standard input. `environment` is added to this process's.
/// Throws std::system_error when it cannot be started.
ProgramResult run_program(const std::vector<std::string>& arguments,
                          const std::map<std::string, std::string>& environment = {});

}  // namespace encamp::test
