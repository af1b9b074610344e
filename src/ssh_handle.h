// Owners of libssh's C handles. For ssh_*.cc files alone.
#pragma once

#include <memory>

#include <libssh/libssh.h>

namespace encamp {

struct SshFree {
  void operator()(ssh_session_struct* session) const {
    ssh_disconnect(session);
    ssh_free(session);
  }
  void operator()(ssh_channel_struct* channel) const { ssh_channel_free(channel); }
  void operator()(ssh_key_struct* key) const { ssh_key_free(key); }
  void operator()(char* text) const { ssh_string_free_char(text); }
  void operator()(unsigned char* hash) const { ssh_clean_pubkey_hash(&hash); }
};

using SshSessionHandle = std::unique_ptr<ssh_session_struct, SshFree>;
using SshChannelHandle = std::unique_ptr<ssh_channel_struct, SshFree>;
using SshKeyHandle = std::unique_ptr<ssh_key_struct, SshFree>;
using SshText = std::unique_ptr<char, SshFree>;
using SshHash = std::unique_ptr<unsigned char, SshFree>;

}  // namespace encamp
