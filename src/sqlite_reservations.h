// What deployments have set aside on the hosts, in `<state>/hosts.db`, shared by all processes of
// this user.
#pragma once

#include <filesystem>
#include <memory>

#include "engine/state/reservations.h"

namespace encamp {

/// Made when it is not there. Throws as open_journal() does. Threads: any, at the same time.
std::unique_ptr<Reservations> open_reservations(const std::filesystem::path& file);

}  // namespace encamp
