// The inside of a Debian node, over SSH.
//
// One channel stays open for the life of the connection: at its other end an agent (src/ssh_agent/,
// in the Perl that every Debian system has) answers one request after another, so that a call costs
// a packet there and back instead of a login shell. When the connection breaks the next call makes
// a new one.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "engine/world/clock.h"
#include "engine/world/guest.h"

namespace encamp {

/// Logs in as SshSession::connect does. `state` is where the guest keeps receipts and originals.
/// After a request to stop every call throws Error(Interrupted): who takes things down after an
/// interruption connects again.
std::unique_ptr<Guest> connect_guest(const Login& login, Clock::Instant deadline,
                                     std::stop_token stop,
                                     const std::string& state = "/var/lib/encamp");

}  // namespace encamp
