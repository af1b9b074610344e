// X.509 certificates, keys and revocation lists as PEM text, made and read by OpenSSL. Pure but for
// the chance that makes keys; any thread. Everything throws Error(Failed) with OpenSSL's reason.
//
//     const std::string key = make_key(2048);
//     const std::string ca = make_authority({.subject = "/DC=test/O=Grid", ...}, key);
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/world/clock.h"

namespace encamp::x509 {

using WallTime = Clock::WallTime;

constexpr std::chrono::minutes kBackdated{5};  ///< Clocks of machines differ.

/// What is wrong with a distinguished name in slash form, `/DC=test/O=Grid/CN=host/a.test`; empty
/// when it is one. A slash begins a part when a known type and `=` follow, else it belongs to the
/// value.
std::string problem_with_subject(const std::string& subject);

/// OpenSSL's names for the files of a certificate with that subject, 8 digits: `openssl x509
/// -subject_hash` and, of OpenSSL before 1.0 and of programs that kept to it, `-subject_hash_old`.
std::string subject_hash(const std::string& subject);
std::string subject_hash_old(const std::string& subject);

/// A new RSA key, PKCS #8.
std::string make_key(int bits);

struct Request {
  std::string subject;
  std::string serial;  ///< Hexadecimal, at most 40 digits.
  WallTime from;
  WallTime until;
  std::string host = {};  ///< The name that it serves; none: a user's.
};

/// A certificate that signs others, signed by itself.
std::string make_authority(const Request& request, const std::string& key);

/// A certificate of `key`, signed by the authority.
std::string make_certificate(const Request& request, const std::string& key,
                             const std::string& authority, const std::string& authority_key);

/// The authority's list of revoked certificates. `number` grows from list to list.
std::string make_revocation_list(const std::vector<std::string>& serials, std::int64_t number,
                                 WallTime from, WallTime until, const std::string& authority,
                                 const std::string& authority_key);

struct Facts {
  std::string subject;  ///< In slash form.
  std::string issuer;
  std::string serial;  ///< Hexadecimal, lower case.
  std::string hash;
  std::string hash_old;
  WallTime from;
  WallTime until;
  bool is_authority = false;
};

/// The first certificate in `pem`; nothing when there is none.
std::optional<Facts> read_certificate(const std::string& pem);

/// Whether `authority` has signed `certificate`.
bool is_signed_by(const std::string& certificate, const std::string& authority);
/// Whether the certificate is that of the key.
bool belongs_to(const std::string& certificate, const std::string& key);

}  // namespace encamp::x509
