// IPv4 subnets and addresses as bind reckons with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace encamp {

/// In host byte order.
using Ipv4 = std::uint32_t;

std::optional<Ipv4> parse_ipv4(std::string_view text);
std::string format_ipv4(Ipv4 address);

struct Subnet {
  Ipv4 base = 0;   ///< Its first address; the bits below the prefix are 0.
  int prefix = 0;  ///< 0 to 32.

  Ipv4 mask() const;
  Ipv4 last() const { return base | ~mask(); }  ///< The broadcast address.
  bool contains(Ipv4 address) const { return (address & mask()) == base; }
  bool overlaps(const Subnet& other) const;
  bool operator==(const Subnet&) const = default;
};

/// Reads `10.64.3.0/24`; an address inside it, as in `10.64.3.7/24`, stands for the subnet.
std::optional<Subnet> parse_subnet(std::string_view text);
std::string to_string(const Subnet& subnet);

/// Whether two subnets as text have an address in common; false when one cannot be read.
bool overlaps(std::string_view one, std::string_view other);

}  // namespace encamp
