#include "components/node/init/network.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "components/node/init/fail.h"

namespace encamp::init {
namespace {

void pause_ms(long milliseconds) {
  const timespec time{0, milliseconds * 1000000};
  nanosleep(&time, nullptr);
}

// Through memcpy, because sockaddr and sockaddr_in are different types to the compiler.
void store(sockaddr& target, in_addr address) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr = address;
  std::memcpy(&target, &in, sizeof in);
}

bool set_flags(int socket, ifreq& request) {
  if (ioctl(socket, SIOCGIFFLAGS, &request) != 0)
    return false;
  request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP | IFF_RUNNING);
  return ioctl(socket, SIOCSIFFLAGS, &request) == 0;
}

// Fills in `request.ifr_name`; false when no device has that MAC.
bool find_device(int socket, const Card& card, ifreq& request) {
  struct if_nameindex* devices = if_nameindex();
  bool found = false;
  for (const struct if_nameindex* d = devices; d != nullptr && d->if_index != 0 && !found; ++d) {
    std::snprintf(request.ifr_name, sizeof request.ifr_name, "%s", d->if_name);
    found = ioctl(socket, SIOCGIFHWADDR, &request) == 0 &&
            std::memcmp(request.ifr_hwaddr.sa_data, card.mac.data(), card.mac.size()) == 0;
  }
  if_freenameindex(devices);
  return found;
}

// ARP asks again after 20 ms instead of a second: see speak_first().
void hasten_arp(const char* device) {
  std::array<char, 128> path{};
  std::snprintf(path.data(), path.size(), "/proc/sys/net/ipv4/neigh/%s/retrans_time_ms", device);
  if (std::FILE* file = std::fopen(path.data(), "w")) {
    std::fputs("20", file);
    std::fclose(file);
  }
}

void set_up(int socket, const Card& card) {
  std::array<char, 32> mac{};
  std::snprintf(mac.data(), mac.size(), "%02x:%02x:%02x:%02x:%02x:%02x", card.mac[0], card.mac[1],
                card.mac[2], card.mac[3], card.mac[4], card.mac[5]);
  ifreq request{};
  for (int tries = 0; !find_device(socket, card, request); ++tries) {
    errno = ENODEV;
    must(tries < 500, "find the network card", mac.data());
    pause_ms(10);
  }
  hasten_arp(request.ifr_name);
  store(request.ifr_addr, card.address);
  must(ioctl(socket, SIOCSIFADDR, &request) == 0, "set the address of", mac.data());
  const in_addr mask{htonl(card.prefix == 0 ? 0U : ~0U << (32 - card.prefix))};
  store(request.ifr_netmask, mask);
  must(ioctl(socket, SIOCSIFNETMASK, &request) == 0, "set the netmask of", mac.data());
  store(request.ifr_broadaddr, in_addr{card.address.s_addr | ~mask.s_addr});
  ioctl(socket, SIOCSIFBRDADDR, &request);
  must(set_flags(socket, request), "bring up", mac.data());
}

void route(int socket, in_addr gateway) {
  rtentry entry{};
  store(entry.rt_dst, {});
  store(entry.rt_genmask, {});
  store(entry.rt_gateway, gateway);
  entry.rt_flags = RTF_UP | RTF_GATEWAY;
  must(ioctl(socket, SIOCADDRT, &entry) == 0 || errno == EEXIST, "set the default route");
}

bool parse(const char* line, Card& card) {
  std::array<unsigned, 6> mac{};
  std::array<char, 32> address{};
  std::array<char, 32> gateway{};
  if (std::sscanf(line, "%2x:%2x:%2x:%2x:%2x:%2x %31[0-9.]/%d %31s", &mac[0], &mac[1], &mac[2],
                  &mac[3], &mac[4], &mac[5], address.data(), &card.prefix, gateway.data()) != 9)
    return false;
  for (std::size_t i = 0; i < mac.size(); ++i)
    card.mac[i] = static_cast<unsigned char>(mac[i]);
  return inet_pton(AF_INET, address.data(), &card.address) == 1 && card.prefix >= 0 &&
         card.prefix <= 32 &&
         (std::strcmp(gateway.data(), "-") == 0 ||
          inet_pton(AF_INET, gateway.data(), &card.gateway) == 1);
}

}  // namespace

Cards read_cards(const char* path) {
  Cards cards;
  std::FILE* file = std::fopen(path, "r");
  must(file != nullptr, "read", path);
  std::array<char, 256> line{};
  while (cards.count < cards.all.size() && std::fgets(line.data(), line.size(), file) != nullptr) {
    errno = EINVAL;
    must(parse(line.data(), cards.all[cards.count++]), "understand in the file net:", line.data());
  }
  std::fclose(file);
  return cards;
}

void set_up(const Cards& cards) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  must(socket >= 0, "open a socket");
  ifreq lo{};
  std::snprintf(lo.ifr_name, sizeof lo.ifr_name, "lo");
  set_flags(socket, lo);
  bool routed = false;
  for (std::size_t i = 0; i < cards.count; ++i) {
    const Card& card = cards.all[i];
    set_up(socket, card);
    if (!routed && card.gateway.s_addr != 0) {
      route(socket, card.gateway);
      routed = true;
    }
  }
  close(socket);
}

void speak_first(const Cards& cards) {
  for (std::size_t i = 0; i < cards.count; ++i) {
    if (cards.all[i].gateway.s_addr == 0)
      continue;
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(9);  // discard: nobody is there, so the kernel says so
    in.sin_addr = cards.all[i].gateway;
    sockaddr to{};
    std::memcpy(&to, &in, sizeof in);
    if (socket < 0 || connect(socket, &to, sizeof in) != 0)
      continue;
    pollfd answer{socket, 0, 0};
    for (int tries = 0; tries < 25; ++tries) {
      send(socket, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (poll(&answer, 1, 20) > 0)  // the refusal
        break;
    }
    close(socket);
  }
}

}  // namespace encamp::init
