#include "engine/world/digest.h"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace encamp {

namespace {

using Digest = std::array<unsigned char, EVP_MAX_MD_SIZE>;

std::string hexadecimal(const Digest& digest, unsigned length) {
  std::string text;
  for (unsigned i = 0; i < length; ++i)
    text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Digest digest{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("SHA-256 is not available");
  return hexadecimal(digest, length);
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  Digest digest{};
  unsigned length = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data(),
           &length) == nullptr)
    throw std::runtime_error("HMAC-SHA-256 is not available");
  return hexadecimal(digest, length);
}

}  // namespace encamp
