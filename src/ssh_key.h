// SSH keys: made here, never by a node, so that every connection is pinned from its first byte.
#pragma once

#include <string>

#include "engine/world/world.h"

namespace encamp {

/// A fresh Ed25519 key pair. Threads: any.
SshKey make_ssh_key();

/// `SHA256:...` of a public key `ssh-ed25519 AAAA...`, as ssh-keygen prints it.
/// Throws Error(Failed) when it is no such key.
std::string ssh_fingerprint(const std::string& public_key);

}  // namespace encamp
