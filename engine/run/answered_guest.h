// A guest of which some answers are known already: questions about them cost nothing, everything
// else goes to the guest itself.
#pragma once

#include "engine/world/guest.h"

namespace encamp {

class AnsweredGuest : public Guest {
 public:
  /// Borrows both.
  AnsweredGuest(Guest& guest, const Answers& answers) : guest_(&guest), answers_(&answers) {}

  std::optional<FileState> find_file(const std::string& path) override;
  std::map<std::string, std::string> installed(const std::vector<std::string>& packages) override;
  UnitState unit(const std::string& name) override;

  CommandResult probe(const Command& command) override { return guest_->probe(command); }
  CommandResult run(const Receipt& receipt, const Command& command) override {
    return guest_->run(receipt, command);
  }
  std::string read_file(const std::string& path, std::size_t limit) override {
    return guest_->read_file(path, limit);
  }
  void write_file(const FileSpec& file) override { guest_->write_file(file); }
  void remove_file(const std::string& path) override { guest_->remove_file(path); }
  void rename_file(const std::string& from, const std::string& to) override {
    guest_->rename_file(from, to);
  }
  void copy_file(const std::string& from, const std::string& to) override {
    guest_->copy_file(from, to);
  }
  void unpack(const std::string& path, const std::string& archive, int strip) override {
    guest_->unpack(path, archive, strip);
  }
  void remove_unpacked(const std::string& path) override { guest_->remove_unpacked(path); }
  void write_tree(const TreeSpec& tree) override { guest_->write_tree(tree); }
  void remove_tree(const std::string& path) override { guest_->remove_tree(path); }
  std::optional<UserState> find_user(const std::string& name) override {
    return guest_->find_user(name);
  }
  void put_user(const UserSpec& user) override { guest_->put_user(user); }
  void remove_user(const std::string& name) override { guest_->remove_user(name); }
  std::optional<int> find_group(const std::string& name) override {
    return guest_->find_group(name);
  }
  void put_group(const std::string& name, std::optional<int> gid, bool system) override {
    guest_->put_group(name, gid, system);
  }
  void remove_group(const std::string& name) override { guest_->remove_group(name); }
  void update_packages(Duration timeout) override { guest_->update_packages(timeout); }
  bool listens(int port) override { return guest_->listens(port); }
  int http_status(const std::string& url) override { return guest_->http_status(url); }
  void install(const std::vector<std::string>& packages, Duration timeout) override {
    guest_->install(packages, timeout);
  }
  void uninstall(const std::vector<std::string>& packages, Duration timeout) override {
    guest_->uninstall(packages, timeout);
  }
  void enable_unit(const std::string& name, bool enabled) override {
    guest_->enable_unit(name, enabled);
  }
  void start_unit(const std::string& name) override { guest_->start_unit(name); }
  void restart_unit(const std::string& name) override { guest_->restart_unit(name); }
  void stop_unit(const std::string& name) override { guest_->stop_unit(name); }
  std::string unit_journal(const std::string& name, int lines) override {
    return guest_->unit_journal(name, lines);
  }

 private:
  Guest* guest_;
  const Answers* answers_;
};

}  // namespace encamp
