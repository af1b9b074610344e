#include <chrono>

#include <fmt/format.h>

#include "components/authority/authority.h"
#include "components/authority/x509.h"
#include "engine/description/expression_tree.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// What makes another certificate of it, with another serial.
constexpr const char* kEssence[] = {"issuer", "subject", "host", "lifetime", "bits", "issue"};

Schema certificate_schema() {
  const Type text{.kind = Type::Kind::Text};
  return {
      .component = "certificate",
      .section = "resources",
      .about = "A certificate and its key: of a host, which it also serves, or of a user.",
      .properties = {{.name = "issuer",
                      .type = {.kind = Type::Kind::Reference,
                               .section = "resources",
                               .component = "authority"},
                      .about = "The authority that signs it.",
                      .required = true,
                      .on_change = OnChange::Replace},
                     {.name = "subject",
                      .type = text,
                      .about = "Whose it is, `/DC=test/DC=grid/O=GridTest/OU=people/CN=Alice`.",
                      .required = true,
                      .on_change = OnChange::Replace},
                     {.name = "host",
                      .type = text,
                      .about = "The name that it serves; without it the certificate is a user's.",
                      .on_change = OnChange::Replace},
                     {.name = "lifetime",
                      .type = {.kind = Type::Kind::Time},
                      .about = "How long it is valid.",
                      .fallback = Value(Duration(hours(24 * 1000))),
                      .on_change = OnChange::Replace,
                      .least = Value(Duration(minutes(1)))},
                     {.name = "bits",
                      .type = {.kind = Type::Kind::Integer},
                      .about = "Length of its RSA key.",
                      .fallback = Value(2048),
                      .on_change = OnChange::Replace,
                      .least = Value(1024),
                      .most = Value(8192)},
                     {.name = "issue",
                      .type = {.kind = Type::Kind::Integer},
                      .about = "Another number is another certificate: to renew it.",
                      .fallback = Value(1),
                      .on_change = OnChange::Replace},
                     {.name = "revoked",
                      .type = {.kind = Type::Kind::Boolean},
                      .about = "Its authority has taken it back.",
                      .fallback = Value(false),
                      .on_change = OnChange::Ignore},  // Its authority's list is what changes.
                     {.name = "authority",
                      .type = text,
                      .about = "The certificate of its authority.",
                      .chosen = true}},
      .attributes = {
          {.name = "subject", .type = text, .phase = Phase::Known, .about = "Whose it is."},
          {.name = "issuer", .type = text, .about = "The name of its authority."},
          {.name = "certificate", .type = text, .about = "In PEM."},
          {.name = "private_key", .type = text, .secret = true, .about = "In PEM."}}};
}

bool is_host_name(const std::string& name) {
  return !name.empty() && name.size() <= 253 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-*") == std::string::npos;
}

class CertificateComponent : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  void check(const Resource& certificate, Diagnostics& diagnostics) const override {
    const std::string subject = text_of(certificate.properties, "subject");
    if (const std::string problem = x509::problem_with_subject(subject);
        !subject.empty() && !problem.empty())
      diagnostics.add({.code = "bad-subject",
                       .summary = fmt::format("'{}' is no subject: {}", subject, problem),
                       .where = certificate.place("subject"),
                       .hint = "parts like /DC=test/O=Grid/OU=people/CN=Alice Tester"});
    const std::string host = text_of(certificate.properties, "host");
    if (certificate.properties.contains("host") && !host.empty() && !is_host_name(host))
      diagnostics.add({.code = "bad-name",
                       .summary = fmt::format("'{}' is no name of a host", host),
                       .where = certificate.place("host")});
  }

  void expand(const Resource& certificate, Expansion& expansion) const override {
    const auto issuer = certificate.properties.find("issuer");
    if (issuer == certificate.properties.end() || !issuer->second.is_reference())
      return;
    expansion.need(issuer->second.reference(), "signs it");
    expansion.set("authority", attribute_value({.address = issuer->second.reference(),
                                                .attribute = "certificate",
                                                .where = certificate.place("issuer")}));
  }

  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    const Record& issuer = context.record(wanted.at("issuer").reference());
    const auto issuer_key = issuer.attributes.find("private_key");
    if (issuer_key == issuer.attributes.end())
      throw Error(ErrorKind::Failed,
                  fmt::format("{} cannot be signed: the key of '{}' is not there",
                              context.owner().address, last_name(issuer.address)))
          .with_hint(
              "an authority with 'subject' has a key; one with 'certificate' is only trusted");
    const std::string secret = key_name(context.owner());
    std::optional<Value> key = context.find_secret(secret);
    if (!key) {
      context.progress("making a key");
      key = context.keep_secret(secret,
                                x509::make_key(static_cast<int>(wanted.at("bits").integer())));
    }
    const std::string& authority = issuer.attributes.at("certificate").text();
    const x509::WallTime now = context.clock().wall_time();
    std::string certificate = text_of(record.attributes, "certificate");
    const std::optional<x509::Facts> before = x509::read_certificate(certificate);
    if (!before || before->until <= now || !x509::is_signed_by(certificate, authority) ||
        !x509::belongs_to(certificate, key->text()))
      certificate = x509::make_certificate({.subject = wanted.at("subject").text(),
                                            .serial = serial_of(context.owner().address, wanted),
                                            .from = now - x509::kBackdated,
                                            .until = now + wanted.at("lifetime").duration(),
                                            .host = text_of(wanted, "host")},
                                           key->text(), authority, issuer_key->second.text());
    return {{"issuer", x509::read_certificate(certificate).value().issuer},
            {"certificate", certificate},
            {"private_key", *key}};
  }

  // One that has ended is made again.
  std::optional<Properties> observe(const Record& record, Context& context) const override {
    const std::optional<x509::Facts> facts =
        x509::read_certificate(text_of(record.attributes, "certificate"));
    if (!facts || facts->until <= context.clock().wall_time())
      return std::nullopt;
    return record.properties;
  }

  void remove(const Record&, Context& context) const override {
    context.forget_secret(key_name(context.owner()));
  }

 private:
  const Schema schema_ = certificate_schema();
};

}  // namespace

std::string serial_of(const Address& address, const Properties& properties) {
  std::string essence = address;
  for (const char* name : kEssence) {
    const auto found = properties.find(name);
    essence += "\n" + (found == properties.end() ? "" : to_json(found->second));
  }
  std::string serial = sha256(essence).substr(0, 16);
  const int first = serial[0] <= '9' ? serial[0] - '0' : serial[0] - 'a' + 10;
  serial[0] = static_cast<char>('1' + first % 7);  // Positive, and never shorter.
  return serial;
}

std::unique_ptr<const Component> make_certificate_component() {
  return std::make_unique<CertificateComponent>();
}

}  // namespace encamp
