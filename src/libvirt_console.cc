#include "src/libvirt_console.h"

#include <array>
#include <thread>

#include "src/libvirt_handle.h"

namespace encamp {

std::string read_console(virConnectPtr connection, virDomainPtr domain,
                         std::chrono::milliseconds limit,
                         const std::function<bool(const std::string&)>& enough) {
  constexpr std::chrono::milliseconds kPause{10};
  constexpr int kNothingYet = -2;
  std::string text;
  const StreamHandle stream(virStreamNew(connection, VIR_STREAM_NONBLOCK));
  if (stream == nullptr || virDomainOpenConsole(domain, nullptr, stream.get(), 0) != 0)
    return text;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  std::array<char, 65536> buffer{};
  while (true) {
    const int received = virStreamRecv(stream.get(), buffer.data(), buffer.size());
    if (received > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(received));
      continue;
    }
    if (received != kNothingYet || enough(text) || std::chrono::steady_clock::now() > deadline)
      break;
    std::this_thread::sleep_for(kPause);
    // Nobody reads the connection but a call that waits for its own reply; this is one.
    unsigned long version = 0;
    if (virConnectGetLibVersion(connection, &version) != 0)
      break;
  }
  virStreamAbort(stream.get());
  return text;
}

}  // namespace encamp
