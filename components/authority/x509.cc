#include "components/authority/x509.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "engine/error.h"

namespace encamp::x509 {
namespace {

template <auto release>
struct Release {
  template <typename T>
  void operator()(T* object) const {
    release(object);
  }
};
using Bio = std::unique_ptr<BIO, Release<BIO_free_all>>;
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;
using List = std::unique_ptr<X509_CRL, Release<X509_CRL_free>>;
using Name = std::unique_ptr<X509_NAME, Release<X509_NAME_free>>;
using Number = std::unique_ptr<BIGNUM, Release<BN_free>>;
using Integer = std::unique_ptr<ASN1_INTEGER, Release<ASN1_INTEGER_free>>;
using Time = std::unique_ptr<ASN1_TIME, Release<ASN1_TIME_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Release<X509_EXTENSION_free>>;

void must(bool done, const std::string& tried) {
  if (done)
    return;
  std::array<char, 256> reason{};
  ERR_error_string_n(ERR_get_error(), reason.data(), reason.size());
  ERR_clear_error();
  throw Error(ErrorKind::Failed, fmt::format("cannot {}: {}", tried, reason.data()));
}

struct Part {
  std::string type;
  std::string value;
};

bool is_type(const std::string& text) {
  return !text.empty() && OBJ_txt2nid(text.c_str()) != NID_undef;
}

// The parts of a name in slash form; empty when it does not begin with one.
std::vector<Part> parts_of(const std::string& subject) {
  std::vector<Part> parts;
  std::size_t begin = 0;
  while (begin < subject.size()) {
    const std::size_t slash = subject.find('/', begin + 1);
    const std::string piece = subject.substr(begin, slash - begin);
    const std::size_t equals = piece.find('=');
    const bool is_part =
        piece.front() == '/' && equals != std::string::npos && is_type(piece.substr(1, equals - 1));
    if (is_part)
      parts.push_back({piece.substr(1, equals - 1), piece.substr(equals + 1)});
    else if (parts.empty())
      return {};
    else
      parts.back().value += piece;
    begin = slash == std::string::npos ? subject.size() : slash;
  }
  return parts;
}

Name name_of(const std::string& subject) {
  Name name(X509_NAME_new());
  for (const Part& part : parts_of(subject)) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(part.value.data());
    must(X509_NAME_add_entry_by_txt(name.get(), part.type.c_str(), MBSTRING_UTF8, bytes,
                                    static_cast<int>(part.value.size()), -1, 0) == 1,
         fmt::format("make a name of '{}'", subject));
  }
  return name;
}

std::string slash_form(const X509_NAME* name) {
  std::string text;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    const int nid = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    unsigned char* bytes = nullptr;
    const int size = ASN1_STRING_to_UTF8(&bytes, X509_NAME_ENTRY_get_data(entry));
    text += fmt::format(
        "/{}={}", OBJ_nid2sn(nid),
        size < 0 ? ""
                 : std::string(reinterpret_cast<char*>(bytes), static_cast<std::size_t>(size)));
    OPENSSL_free(bytes);
  }
  return text;
}

std::string text_of(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

Bio reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Certificate read(const std::string& pem) {
  return Certificate(PEM_read_bio_X509(reader(pem).get(), nullptr, nullptr, nullptr));
}

Certificate need_certificate(const std::string& pem) {
  Certificate certificate = read(pem);
  must(certificate != nullptr, "read a certificate");
  return certificate;
}

Key need_key(const std::string& pem) {
  Key key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, nullptr, nullptr));
  must(key != nullptr, "read a private key");
  return key;
}

std::string write(X509* certificate) {
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), certificate) == 1, "write a certificate");
  return text_of(bio);
}

std::time_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

Time time_of(WallTime time) {
  return Time(ASN1_TIME_set(nullptr, seconds_of(time)));
}

WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  must(ASN1_TIME_to_tm(time, &parts) == 1, "read a time");
  return WallTime(std::chrono::duration_cast<Duration>(std::chrono::seconds(timegm(&parts))));
}

Integer integer_of(const std::string& hexadecimal) {
  BIGNUM* made = nullptr;
  must(BN_hex2bn(&made, hexadecimal.c_str()) == static_cast<int>(hexadecimal.size()),
       "read a serial number");
  const Number number(made);
  return Integer(BN_to_ASN1_INTEGER(number.get(), nullptr));
}

std::string hexadecimal(const ASN1_INTEGER* integer) {
  const Number number(ASN1_INTEGER_to_BN(integer, nullptr));
  char* made = number == nullptr ? nullptr : BN_bn2hex(number.get());
  std::string text = made == nullptr ? "" : made;
  OPENSSL_free(made);
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

using Extensions = std::vector<std::pair<int, std::string>>;

void extend(X509* certificate, X509* issuer, const Extensions& extensions) {
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  for (const auto& [nid, value] : extensions) {
    const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
    must(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1,
         fmt::format("write extension {} = {}", OBJ_nid2sn(nid), value));
  }
}

// All but issuer, extensions and signature.
Certificate begin(const Request& request, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  const Name subject = name_of(request.subject);
  must(X509_set_version(certificate.get(), X509_VERSION_3) == 1 &&
           X509_set_serialNumber(certificate.get(), integer_of(request.serial).get()) == 1 &&
           X509_set1_notBefore(certificate.get(), time_of(request.from).get()) == 1 &&
           X509_set1_notAfter(certificate.get(), time_of(request.until).get()) == 1 &&
           X509_set_subject_name(certificate.get(), subject.get()) == 1 &&
           X509_set_pubkey(certificate.get(), key) == 1,
       "make a certificate");
  return certificate;
}

std::string sign(X509* certificate, EVP_PKEY* key) {
  must(X509_sign(certificate, key, EVP_sha256()) > 0, "sign a certificate");
  return write(certificate);
}

void revoke(X509_CRL* list, const std::string& serial, const ASN1_TIME* when) {
  X509_REVOKED* revoked = X509_REVOKED_new();
  must(X509_REVOKED_set_serialNumber(revoked, integer_of(serial).get()) == 1 &&
           X509_REVOKED_set_revocationDate(revoked, const_cast<ASN1_TIME*>(when)) ==
               1 &&  // It is copied.
           X509_CRL_add0_revoked(list, revoked) == 1,
       "revoke a certificate");
}

}  // namespace

std::string problem_with_subject(const std::string& subject) {
  if (subject.find_first_of("\n\r\"'") != std::string::npos)
    return "it has a quote or a line break in it";
  const std::vector<Part> parts = parts_of(subject);
  if (parts.empty())
    return "it does not begin with a part like /DC=test";
  for (const Part& part : parts) {
    if (part.value.empty())
      return fmt::format("its part '{}' has no value", part.type);
  }
  try {
    name_of(subject);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::string subject_hash(const std::string& subject) {
  int done = 0;
  const unsigned long hash = X509_NAME_hash_ex(name_of(subject).get(), nullptr, nullptr, &done);
  must(done == 1, "hash a name");
  return fmt::format("{:08x}", hash);
}

std::string subject_hash_old(const std::string& subject) {
  const Name name = name_of(subject);
  return fmt::format("{:08x}", X509_NAME_hash_old(name.get()));
}

std::string make_key(int bits) {
  const Key key(EVP_RSA_gen(static_cast<unsigned>(bits)));
  const Bio bio(BIO_new(BIO_s_mem()));
  must(key != nullptr && PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0,
                                                       nullptr, nullptr) == 1,
       "make a key");
  return text_of(bio);
}

std::string make_authority(const Request& request, const std::string& key) {
  const Key own = need_key(key);
  const Certificate certificate = begin(request, own.get());
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1,
       "make a certificate");
  extend(certificate.get(), certificate.get(),
         {{NID_basic_constraints, "critical,CA:TRUE"},
          {NID_key_usage, "critical,keyCertSign,cRLSign"},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"}});
  return sign(certificate.get(), own.get());
}

std::string make_certificate(const Request& request, const std::string& key,
                             const std::string& authority, const std::string& authority_key) {
  const Key own = need_key(key);
  const Certificate issuer = need_certificate(authority);
  const Certificate certificate = begin(request, own.get());
  must(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer.get())) == 1,
       "make a certificate");
  Extensions extensions{
      {NID_basic_constraints, "critical,CA:FALSE"},
      {NID_key_usage, "critical,digitalSignature,keyEncipherment"},
      {NID_ext_key_usage, request.host.empty() ? "clientAuth" : "serverAuth,clientAuth"},
      {NID_subject_key_identifier, "hash"},
      {NID_authority_key_identifier, "keyid"}};
  if (!request.host.empty())
    extensions.emplace_back(NID_subject_alt_name, "DNS:" + request.host);
  extend(certificate.get(), issuer.get(), extensions);
  return sign(certificate.get(), need_key(authority_key).get());
}

std::string make_revocation_list(const std::vector<std::string>& serials, std::int64_t number,
                                 WallTime from, WallTime until, const std::string& authority,
                                 const std::string& authority_key) {
  const Certificate issuer = need_certificate(authority);
  const List list(X509_CRL_new());
  const Time begin = time_of(from);
  must(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
           X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(issuer.get())) == 1 &&
           X509_CRL_set1_lastUpdate(list.get(), begin.get()) == 1 &&
           X509_CRL_set1_nextUpdate(list.get(), time_of(until).get()) == 1,
       "make a revocation list");
  for (const std::string& serial : serials)
    revoke(list.get(), serial, begin.get());
  const Integer count(ASN1_INTEGER_new());
  X509V3_CTX context{};
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer.get(), nullptr, nullptr, list.get(), 0);
  const Extension identifier(
      X509V3_EXT_conf_nid(nullptr, &context, NID_authority_key_identifier, "keyid:always"));
  must(ASN1_INTEGER_set_int64(count.get(), number) == 1 &&
           X509_CRL_add1_ext_i2d(list.get(), NID_crl_number, count.get(), 0, 0) == 1 &&
           identifier != nullptr && X509_CRL_add_ext(list.get(), identifier.get(), -1) == 1 &&
           X509_CRL_sort(list.get()) == 1 &&
           X509_CRL_sign(list.get(), need_key(authority_key).get(), EVP_sha256()) > 0,
       "sign a revocation list");
  const Bio bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509_CRL(bio.get(), list.get()) == 1, "write a revocation list");
  return text_of(bio);
}

std::optional<Facts> read_certificate(const std::string& pem) {
  const Certificate certificate = read(pem);
  ERR_clear_error();
  if (certificate == nullptr)
    return std::nullopt;
  return Facts{.subject = slash_form(X509_get_subject_name(certificate.get())),
               .issuer = slash_form(X509_get_issuer_name(certificate.get())),
               .serial = hexadecimal(X509_get0_serialNumber(certificate.get())),
               .hash = fmt::format("{:08x}", X509_subject_name_hash(certificate.get())),
               .hash_old = fmt::format("{:08x}", X509_subject_name_hash_old(certificate.get())),
               .from = wall_time(X509_get0_notBefore(certificate.get())),
               .until = wall_time(X509_get0_notAfter(certificate.get())),
               .is_authority = X509_check_ca(certificate.get()) > 0};
}

bool is_signed_by(const std::string& certificate, const std::string& authority) {
  const Certificate issuer = read(authority);
  const Certificate signed_one = read(certificate);
  const bool holds = issuer != nullptr && signed_one != nullptr &&
                     X509_verify(signed_one.get(), X509_get0_pubkey(issuer.get())) == 1;
  ERR_clear_error();
  return holds;
}

bool belongs_to(const std::string& certificate, const std::string& key) {
  const Certificate read_certificate = read(certificate);
  const Key read_key(PEM_read_bio_PrivateKey(reader(key).get(), nullptr, nullptr, nullptr));
  const bool holds = read_certificate != nullptr && read_key != nullptr &&
                     X509_check_private_key(read_certificate.get(), read_key.get()) == 1;
  ERR_clear_error();
  return holds;
}

}  // namespace encamp::x509
