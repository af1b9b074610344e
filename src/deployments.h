// The deployments of this user: one folder each below the state directory.
//
//     <state>/deployments/hello/journal.db  lock  secrets/  log/
//     <state>/hosts.db      <state>/evidence/
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/state/journal.h"
#include "engine/state/reservations.h"

namespace encamp {

class Deployments {
 public:
  explicit Deployments(std::filesystem::path state) : state_(std::move(state)) {}

  std::vector<std::string> names() const;  ///< Sorted.
  bool has(const std::string& name) const;

  /// Throws Error(NotFound) that lists what there is, when there is none of that name.
  void require(const std::string& name) const;

  /// For writing, made when it is not there; nobody else can write while it lives. Throws
  /// Error(Busy) that says who does, Error(Denied) or Error(NoRoom).
  std::unique_ptr<Journal> open(const std::string& name, const std::string& command);
  /// For reading, beside a writer. Throws as require().
  std::unique_ptr<Journal> read(const std::string& name) const;

  /// What all deployments have set aside on the hosts.
  std::unique_ptr<Reservations> reservations();

  const std::filesystem::path& state() const { return state_; }
  std::filesystem::path folder(const std::string& name) const {
    return state_ / "deployments" / name;
  }
  std::filesystem::path logs(const std::string& name) const { return folder(name) / "log"; }

 private:
  std::filesystem::path state_;
};

/// Ends a deployment that came to nothing: when it goes away and the journal knows neither a
/// deployment nor a resource, the folder goes too, and what was set aside for `id`.
class EndWhenEmpty {
 public:
  EndWhenEmpty(Journal& journal, Reservations& reservations)
      : journal_(journal), reservations_(reservations) {}
  ~EndWhenEmpty();
  EndWhenEmpty(const EndWhenEmpty&) = delete;
  EndWhenEmpty& operator=(const EndWhenEmpty&) = delete;

  void set_id(std::string id) { id_ = std::move(id); }

 private:
  Journal& journal_;
  Reservations& reservations_;
  std::string id_;
};

}  // namespace encamp
