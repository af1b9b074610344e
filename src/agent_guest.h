// The inside of a Debian system where the agent (src/ssh_agent/) answers, however it is reached: in
// a node over SSH (ssh_guest.h), in the tree of an image over pipes (workshop_guest.h).
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "engine/world/guest.h"

namespace encamp {

class AgentGuest : public Guest {
 public:
  Answers answer(const Questions& questions) override;
  CommandResult probe(const Command& command) override;
  CommandResult run(const Receipt& receipt, const Command& command) override;
  std::optional<FileState> find_file(const std::string& path) override;
  std::string read_file(const std::string& path, std::size_t limit) override;
  void write_file(const FileSpec& file) override;
  void remove_file(const std::string& path) override;
  void rename_file(const std::string& from, const std::string& to) override;
  void copy_file(const std::string& from, const std::string& to) override;
  void unpack(const std::string& path, const std::string& archive, int strip) override;
  void remove_unpacked(const std::string& path) override;
  void write_tree(const TreeSpec& tree) override;
  void remove_tree(const std::string& path) override;
  std::optional<UserState> find_user(const std::string& name) override;
  void put_user(const UserSpec& user) override;
  void remove_user(const std::string& name) override;
  std::optional<int> find_group(const std::string& name) override;
  void put_group(const std::string& name, std::optional<int> gid, bool system) override;
  void remove_group(const std::string& name) override;
  bool listens(int port) override;
  int http_status(const std::string& url) override;
  std::map<std::string, std::string> installed(const std::vector<std::string>& packages) override;
  void update_packages(Duration timeout) override;
  void install(const std::vector<std::string>& packages, Duration timeout) override;
  void uninstall(const std::vector<std::string>& packages, Duration timeout) override;
  UnitState unit(const std::string& name) override;
  void enable_unit(const std::string& name, bool enabled) override;
  void start_unit(const std::string& name) override;
  void restart_unit(const std::string& name) override;
  void stop_unit(const std::string& name) override;
  std::string unit_journal(const std::string& name, int lines) override;

 protected:
  /// Longest call without a timeout of its own.
  static constexpr std::chrono::minutes kTool{11};

  /// Asks the agent for `operation` and returns its results. Throws Error as the agent says;
  /// Error(Unavailable) or (Timeout) when it does not answer.
  virtual std::vector<std::string> ask(std::string_view operation,
                                       const std::vector<std::string>& arguments,
                                       std::chrono::milliseconds patience) = 0;

 private:
  std::vector<std::string> ask(std::string_view operation,
                               const std::vector<std::string>& arguments) {
    return ask(operation, arguments, kTool);
  }
  void change_packages(std::string_view operation, const std::vector<std::string>& packages,
                       Duration timeout);
};

}  // namespace encamp
