#include "engine/world/owner.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "engine/world/clock.h"

namespace encamp {
namespace {

std::string format_uuid(std::array<unsigned char, 16> b, unsigned version) {
  b[6] = static_cast<unsigned char>((b[6] & 0x0FU) | (version << 4U));
  b[8] = static_cast<unsigned char>((b[8] & 0x3FU) | 0x80U);
  std::string text;
  for (std::size_t i = 0; i < b.size(); ++i)
    text += fmt::format("{}{:02x}", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", b[i]);
  return text;
}

// Random once (uuidgen): the name space of all UUIDs that encamp derives.
constexpr std::string_view kNamespace{
    "\x5b\x0e\x2c\x8a\x4d\x1f\x4b\x6e\x9a\x37\xc1\x52\xe8\x90\x7d\x23", 16};

}  // namespace

std::string uuid_of(const Owner& owner, const std::string& role) {
  const std::string name =
      fmt::format("{}\n{}\n{}\n{}", owner.deployment, owner.address, owner.generation, role);
  const std::string input = std::string(kNamespace) + name;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (EVP_Digest(input.data(), input.size(), digest.data(), nullptr, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("SHA-1 is not available");
  std::array<unsigned char, 16> bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return format_uuid(bytes, 5);
}

std::string make_uuid(Random& random) {
  const std::string chosen = random.bytes(16);
  std::array<unsigned char, 16> bytes{};
  std::copy_n(chosen.begin(), bytes.size(), bytes.begin());
  return format_uuid(bytes, 4);
}

}  // namespace encamp
