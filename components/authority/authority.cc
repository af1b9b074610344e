#include "components/authority/authority.h"

#include <chrono>
#include <set>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "components/authority/x509.h"

namespace encamp {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

Schema authority_schema() {
  const Type text{.kind = Type::Kind::Text};
  const Type time{.kind = Type::Kind::Time};
  return {
      .component = "authority",
      .section = "resources",
      .about = "A certificate authority of the site's own, or one that exists and is trusted.",
      .properties =
          {{.name = "subject",
            .type = text,
            .about = "Its name, `/DC=test/DC=grid/O=GridTest`.",
            .on_change = OnChange::Replace},
           {.name = "certificate",
            .type = text,
            .about = "Instead of a subject: the certificate of an authority that exists, in PEM, "
                     "`${{ file(\"ca.pem\") }}`. Its key is not there, so it signs nothing.",
            .on_change = OnChange::Replace},
           {.name = "crl",
            .type = text,
            .about = "The revocation list of an authority that exists, in PEM."},
           {.name = "lifetime",
            .type = time,
            .about = "How long its certificate is valid.",
            .fallback = Value(Duration(hours(24 * 3650))),
            .on_change = OnChange::Replace,
            .least = Value(Duration(minutes(1)))},
           {.name = "crl_lifetime",
            .type = time,
            .about = "How long its revocation list is valid.",
            .fallback = Value(Duration(hours(24 * 365))),
            .least = Value(Duration(minutes(1)))},
           {.name = "bits",
            .type = {.kind = Type::Kind::Integer},
            .about = "Length of its RSA key.",
            .fallback = Value(2048),
            .on_change = OnChange::Replace,
            .least = Value(1024),
            .most = Value(8192)},
           {.name = "revoked",
            .type = {.kind = Type::Kind::List,
                     .item = {{.kind = Type::Kind::Reference, .section = "resources"}},
                     .or_one = true},
            .about = "Certificates that it has taken back, beside those that say so themselves.",
            .on_change = OnChange::Ignore},  // Their serials count.
           {.name = "hash", .type = text, .about = "Of its name.", .chosen = true},
           {.name = "hash_old", .type = text, .about = "Of its name.", .chosen = true},
           {.name = "serials",
            .type = {.kind = Type::Kind::List, .item = {text}},
            .about = "Of what it has taken back.",
            .chosen = true}},
      .attributes = {{.name = "subject", .type = text, .phase = Phase::Known, .about = "Its name."},
                     {.name = "hash",
                      .type = text,
                      .phase = Phase::Known,
                      .about = "OpenSSL's hash of its name, by which its files are called."},
                     {.name = "hash_old",
                      .type = text,
                      .phase = Phase::Known,
                      .about = "The hash that OpenSSL had before 1.0; many grid programs want it."},
                     {.name = "certificate", .type = text, .about = "In PEM."},
                     {.name = "private_key",
                      .type = text,
                      .secret = true,
                      .about = "In PEM; none of one that exists."},
                     {.name = "crl", .type = text, .about = "Its revocation list in PEM."}}};
}

std::vector<std::string> serials_in(const Properties& properties) {
  std::vector<std::string> serials;
  const auto found = properties.find("serials");
  if (found != properties.end() && found->second.is_list()) {
    for (const Value& serial : found->second.list())
      serials.push_back(serial.text());
  }
  return serials;
}

bool is_true(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  return found != properties.end() && found->second == Value(true);
}

/// Each generation has its own.
class Authority : public Component {
 public:
  const Schema& schema() const override { return schema_; }

  void check(const Resource& authority, Diagnostics& diagnostics) const override {
    const auto report = [&](const char* code, std::string summary, const char* property,
                            std::string hint = {}) {
      diagnostics.add({.code = code,
                       .summary = std::move(summary),
                       .where = authority.place(property),
                       .hint = std::move(hint)});
    };
    const std::string subject = text_of(authority.properties, "subject");
    const std::string certificate = text_of(authority.properties, "certificate");
    if (certificate.empty()) {
      if (subject.empty())
        report("missing-key", "an authority has a 'subject' or a 'certificate'", "subject",
               "'subject: /DC=test/O=Grid' for one of the site's own");
      else if (const std::string problem = x509::problem_with_subject(subject); !problem.empty())
        report("bad-subject", fmt::format("'{}' is no name of an authority: {}", subject, problem),
               "subject", "parts like /DC=test/DC=grid/O=GridTest");
      return;
    }
    const std::optional<x509::Facts> facts = x509::read_certificate(certificate);
    if (!facts)
      report("bad-certificate", "this is no certificate in PEM", "certificate",
             "the text of a file: '${{ file(\"ca.pem\") }}'");
    else if (!facts->is_authority)
      report("bad-certificate",
             fmt::format("'{}' is no authority: its certificate is not one that signs others",
                         facts->subject),
             "certificate");
    else if (!subject.empty() && subject != facts->subject)
      report("bad-subject", fmt::format("the certificate is that of '{}'", facts->subject),
             "subject", "leave the subject out");
  }

  void expand(const Resource& authority, Expansion& expansion) const override {
    std::set<std::string> serials;
    for (const Resource& resource : expansion.site().resources) {
      if (resource.component == "certificate" && is_revoked(resource, authority))
        serials.insert(serial_of(resource.address, resource.properties));
    }
    expansion.set("serials", Value::List(serials.begin(), serials.end()));
    set_names(authority.properties, expansion);
  }

  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    if (const std::string given = text_of(wanted, "certificate"); !given.empty())
      return trust(wanted, given, context);
    const std::string secret = key_name(context.owner());
    std::optional<Value> key = context.find_secret(secret);
    if (!key) {
      context.progress("making a key");
      key = context.keep_secret(secret,
                                x509::make_key(static_cast<int>(wanted.at("bits").integer())));
    }
    const x509::WallTime now = context.clock().wall_time();
    std::string certificate = text_of(record.attributes, "certificate");
    if (!x509::belongs_to(certificate, key->text()) || has_ended(certificate, now))
      certificate =
          x509::make_authority({.subject = wanted.at("subject").text(),
                                .serial = "1" + uuid_of(context.owner(), "serial").substr(0, 8) +
                                          uuid_of(context.owner(), "serial").substr(9, 4),
                                .from = now - x509::kBackdated,
                                .until = now + wanted.at("lifetime").duration()},
                               key->text());
    // Its number has to grow.
    const std::int64_t number =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    const std::string crl = x509::make_revocation_list(
        serials_in(wanted), number, now - x509::kBackdated,
        now + wanted.at("crl_lifetime").duration(), certificate, key->text());
    return {{"certificate", certificate}, {"private_key", *key}, {"crl", crl}};
  }

  // One that has ended is made again.
  std::optional<Properties> observe(const Record& record, Context& context) const override {
    if (has_ended(text_of(record.attributes, "certificate"), context.clock().wall_time()))
      return std::nullopt;
    return record.properties;
  }

  void remove(const Record&, Context& context) const override {
    context.forget_secret(key_name(context.owner()));
  }

 private:
  static bool is_revoked(const Resource& certificate, const Resource& authority) {
    const auto issuer = certificate.properties.find("issuer");
    if (issuer == certificate.properties.end() ||
        issuer->second != Value(Reference{authority.address}))
      return false;
    if (is_true(certificate.properties, "revoked"))
      return true;
    const auto list = authority.properties.find("revoked");
    if (list == authority.properties.end() || !list->second.is_list())
      return false;
    for (const Value& one : list->second.list()) {
      if (one == Value(Reference{certificate.address}))
        return true;
    }
    return false;
  }

  // Known when the file is read, for they stand in paths.
  static void set_names(const Properties& properties, Expansion& expansion) {
    const std::string subject = text_of(properties, "subject");
    if (const std::optional<x509::Facts> facts =
            x509::read_certificate(text_of(properties, "certificate"))) {
      expansion.set("subject", facts->subject);
      expansion.set("hash", facts->hash);
      expansion.set("hash_old", facts->hash_old);
    } else if (!subject.empty() && x509::problem_with_subject(subject).empty()) {
      expansion.set("hash", x509::subject_hash(subject));
      expansion.set("hash_old", x509::subject_hash_old(subject));
    }
  }

  static bool has_ended(const std::string& certificate, x509::WallTime now) {
    const std::optional<x509::Facts> facts = x509::read_certificate(certificate);
    return facts && facts->until <= now;
  }

  static Attributes trust(const Properties& wanted, const std::string& certificate,
                          Context& context) {
    const x509::Facts facts = x509::read_certificate(certificate).value();
    if (facts.until <= context.clock().wall_time())
      throw Error(ErrorKind::Failed,
                  fmt::format("the certificate of '{}' has expired on {:%Y-%m-%d %H:%M} UTC",
                              facts.subject, facts.until))
          .with_hint("get its new one from the authority");
    return {{"certificate", certificate}, {"crl", text_of(wanted, "crl")}};
  }

  const Schema schema_ = authority_schema();
};

}  // namespace

std::string key_name(const Owner& owner) {
  return fmt::format("private_key.{}", owner.generation);
}

std::unique_ptr<const Component> make_authority_component() {
  return std::make_unique<Authority>();
}

}  // namespace encamp
