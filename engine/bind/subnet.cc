#include "engine/bind/subnet.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace encamp {
namespace {

// Reads a whole number of at most `most` from the front of `text` and takes it away.
std::optional<std::uint32_t> take_number(std::string_view& text, std::uint32_t most) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number > most)
    return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c))
    return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  Ipv4 address = 0;
  for (int i = 0; i < 4; ++i) {
    if (i > 0 && !take(text, '.'))
      return std::nullopt;
    const auto part = take_number(text, 255);
    if (!part)
      return std::nullopt;
    address = address << 8U | *part;
  }
  return text.empty() ? std::optional(address) : std::nullopt;
}

std::string format_ipv4(Ipv4 address) {
  return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U,
                     address & 255U);
}

Ipv4 Subnet::mask() const {
  return prefix == 0 ? 0 : ~Ipv4{0} << static_cast<unsigned>(32 - prefix);
}

bool Subnet::overlaps(const Subnet& other) const {
  const Ipv4 wider = mask() & other.mask();
  return (base & wider) == (other.base & wider);
}

std::optional<Subnet> parse_subnet(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    return std::nullopt;
  const auto address = parse_ipv4(text.substr(0, slash));
  std::string_view rest = text.substr(slash + 1);
  const auto prefix = take_number(rest, 32);
  if (!address || !prefix || !rest.empty())
    return std::nullopt;
  Subnet subnet{0, static_cast<int>(*prefix)};
  subnet.base = *address & subnet.mask();
  return subnet;
}

std::string to_string(const Subnet& subnet) {
  return fmt::format("{}/{}", format_ipv4(subnet.base), subnet.prefix);
}

bool overlaps(std::string_view one, std::string_view other) {
  const auto a = parse_subnet(one);
  const auto b = parse_subnet(other);
  return a && b && a->overlaps(*b);
}

}  // namespace encamp
