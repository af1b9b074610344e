#include "engine/run/answered_guest.h"

namespace encamp {

std::optional<FileState> AnsweredGuest::find_file(const std::string& path) {
  const auto known = answers_->files.find(path);
  return known == answers_->files.end() ? guest_->find_file(path) : known->second;
}

// Of a package that is not installed the answers say nothing, and neither do they of one that was
// not asked about: who asks for others asks the guest.
std::map<std::string, std::string> AnsweredGuest::installed(
    const std::vector<std::string>& packages) {
  std::map<std::string, std::string> versions;
  for (const std::string& name : packages) {
    const auto known = answers_->packages.find(name);
    if (known == answers_->packages.end())
      return guest_->installed(packages);
    versions.insert(*known);
  }
  return versions;
}

UnitState AnsweredGuest::unit(const std::string& name) {
  const auto known = answers_->units.find(name);
  return known == answers_->units.end() ? guest_->unit(name) : known->second;
}

}  // namespace encamp
