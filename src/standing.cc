#include "src/standing.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/description/diagnostic.h"
#include "engine/error.h"

namespace encamp {

Standing standing_of(const std::optional<Deployment>& deployment,
                     const std::vector<Record>& records) {
  Standing standing;
  bool complete = !records.empty();
  bool removing = false;
  for (const Record& record : records) {
    if (record.life == Life::Present) {
      ++standing.resources;
      standing.nodes += record.component == "node" ? 1 : 0;
    }
    complete = complete && record.life == Life::Present;
    removing = removing || record.life == Life::Removing || record.life == Life::Removed;
  }
  // A run without an end goes on, or its process died: from the journal alone both look the same.
  if (deployment && deployment->last_run && !deployment->last_run->ended)
    standing.word = "unfinished";
  else if (complete && deployment && deployment->last_run && deployment->last_run->succeeded)
    standing.word = "up";
  else
    standing.word = removing ? "removing" : "incomplete";
  return standing;
}

const Record& find_node(const std::vector<Record>& records, const std::string& deployment,
                        const std::string& name) {
  std::vector<std::string> names;
  const Record* found = nullptr;
  for (const Record& record : records) {
    if (record.component != "node")
      continue;
    names.push_back(last_name(record.address));
    if (record.address == name || names.back() == name)
      found = &record;  // The last generation comes last.
  }
  if (found != nullptr)
    return *found;
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::NotFound,
              fmt::format("'{}' has no node '{}'; {}", deployment, name,
                          names.empty() ? "it has none at all"
                                        : fmt::format("there are: {}", fmt::join(names, ", "))))
      .with_hint(near.empty() ? fmt::format("encamp status {}", deployment)
                              : fmt::format("did you mean '{}'?", near));
}

}  // namespace encamp
