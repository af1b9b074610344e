#include "src/entry.h"

#include <fmt/format.h>

#include "engine/error.h"
#include "engine/run/connections.h"

namespace encamp {
namespace {

std::string secret(Journal& journal, const std::string& name) {
  std::optional<std::string> bytes = journal.find_secret(name);
  if (!bytes)
    throw Error(ErrorKind::NotFound, fmt::format("there is no key '{}'", name))
        .with_hint("encamp up goes on with a node that is half made");
  return *bytes;
}

}  // namespace

Login login_of(Journal& journal, const Record& node) {
  const auto reported = node.attributes.find("ssh_host_key");
  return {.address = address_of(node),
          .host_key = reported != node.attributes.end() ? reported->second.text()
                                                        : secret(journal, node.address + ".pub"),
          .private_key = secret(journal, "ssh")};
}

}  // namespace encamp
