// Runs encamp as a person would, in a state directory of the test's own, with a deadline.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

namespace encamp::test {

struct Result {
  int exit = 0;        ///< 128 + signal when it died of one.
  std::string output;  ///< Standard output and errors together.
};

/// Runs `arguments`, `PATH` is searched; kills it after `deadline` and fails the test.
Result run(const std::vector<std::string>& arguments,
           std::chrono::seconds deadline = std::chrono::seconds(60));

/// A state directory with the deployments of one test. Whatever the test left standing in it is
/// taken down at its end, also after a failure, and then the directory goes.
class Program {
 public:
  Program();
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::filesystem::path& state() const { return state_; }
  /// A file of the test's own, removed with the state.
  std::filesystem::path write(const std::string& name, const std::string& text) const;

  Result operator()(std::vector<std::string> arguments,
                    std::chrono::seconds deadline = std::chrono::seconds(240)) const;
  /// Starts it and returns its process; finish() waits for it.
  pid_t start(std::vector<std::string> arguments) const;
  static Result finish(pid_t process, std::chrono::seconds deadline);

 private:
  std::filesystem::path state_;
};

std::filesystem::path example(const std::string& name);

}  // namespace encamp::test
