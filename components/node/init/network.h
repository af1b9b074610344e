// The addresses of a node, set before anything else of it runs.
#pragma once

#include <array>
#include <cstddef>

#include <netinet/in.h>

namespace encamp::init {

/// One line of `net` on the own disk: `52:54:00:12:34:56 10.9.0.5/24 10.9.0.1`, with `-` for no
/// gateway.
struct Card {
  std::array<unsigned char, 6> mac{};
  in_addr address{};
  int prefix = 0;
  in_addr gateway{};  ///< The host's own address in the network; 0.0.0.0 for none.
};

struct Cards {
  std::array<Card, 16> all{};
  std::size_t count = 0;
};

/// Ends init with a message when the file cannot be read or understood.
Cards read_cards(const char* path);

/// Brings up `lo` and each card, found by its MAC; the default route leads to the first gateway.
/// A card may take up to 5 s to appear.
void set_up(const Cards& cards);

/// Sends to each gateway until it has answered, at most half a second. The host learns us by it:
/// its own first question (ARP) went out before our link was up, and its next comes a second
/// later.
void speak_first(const Cards& cards);

}  // namespace encamp::init
