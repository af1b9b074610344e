#include "src/deployments.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "engine/error.h"
#include "src/sqlite_journal.h"
#include "src/sqlite_reservations.h"

namespace encamp {

namespace fs = std::filesystem;

std::vector<std::string> Deployments::names() const {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(state_ / "deployments", ignored)) {
    if (has(entry.path().filename().native()))
      names.push_back(entry.path().filename().native());
  }
  std::ranges::sort(names);
  return names;
}

bool Deployments::has(const std::string& name) const {
  std::error_code ignored;
  return !name.empty() && name.find('/') == std::string::npos && name.front() != '.' &&
         fs::exists(folder(name) / "journal.db", ignored);
}

void Deployments::require(const std::string& name) const {
  if (has(name))
    return;
  const std::vector<std::string> there = names();
  const std::string near = nearest(name, there);
  throw Error(ErrorKind::NotFound,
              there.empty() ? fmt::format("there is no deployment '{}', nor any other", name)
                            : fmt::format("there is no deployment '{}'; there are: {}", name,
                                          fmt::join(there, ", ")))
      .with_hint(near.empty() ? "encamp list" : fmt::format("did you mean '{}'?", near));
}

std::unique_ptr<Journal> Deployments::open(const std::string& name, const std::string& command) {
  return open_journal(folder(name), {.command = command, .hosts_file = state_ / "hosts.db"});
}

std::unique_ptr<Journal> Deployments::read(const std::string& name) const {
  require(name);
  return read_journal(folder(name));
}

std::unique_ptr<Reservations> Deployments::reservations() {
  return open_reservations(state_ / "hosts.db");
}

EndWhenEmpty::~EndWhenEmpty() {
  try {
    if (journal_.deployment() || !journal_.records().empty())
      return;
    if (!id_.empty())
      reservations_.remove(id_);
    journal_.close({});
  } catch (const Error&) {
    // It was closed already, or cannot be written: then an empty deployment stays for `down`.
  }
}

}  // namespace encamp
