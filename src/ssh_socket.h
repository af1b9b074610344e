// The first two links of the chain to a node: its port, and the banner of the server behind it.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "engine/world/clock.h"

namespace encamp {

/// How long a request to stop may go unnoticed.
constexpr std::chrono::milliseconds kSlice{50};

/// 0 when `deadline` has passed.
std::chrono::milliseconds time_left(Clock::Instant deadline);

/// A connected socket, closed when it goes.
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept;
  ~Socket();

  int descriptor() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  int release();

 private:
  int descriptor_;
};

/// Connects to a port of a guest that may just be booting, and waits until the server there has
/// begun to speak. Tries again every few milliseconds; each try is short, because a packet that was
/// lost while the guest's link came up is sent again only after a second.
/// Throws Error(Timeout) that says whether port or banner was not reached, and Error(Interrupted).
Socket connect_to_server(const std::string& address, int port, Clock::Instant deadline,
                         std::stop_token stop);

}  // namespace encamp
