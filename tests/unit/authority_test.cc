// Certificate authorities and certificates, and the X.509 below them.
#include "components/authority/authority.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "components/authority/x509.h"
#include "tests/support/fake_context.h"

namespace encamp {
namespace {

using test::FakeContext;
using test::FakeWorld;

constexpr const char* kGrid = "/DC=test/DC=grid/O=GridTest";
constexpr const char* kDeployment = "4c0c7d4e-3f0e-4c59-9f9a-1d2f0f5a9b11";

class WhatIsSet : public Expansion {
 public:
  explicit WhatIsSet(Site site = {}) : site_(std::move(site)) {}
  const Site& site() const override { return site_; }
  std::vector<const Resource*> items(const Address&) const { return {}; }
  void need(const Address& address, const std::string&) override { needs.push_back(address); }
  void imply(Resource, const std::string&) override {}
  void set(const std::string& property, Value value) override {
    properties[property] = std::move(value);
  }

  std::vector<Address> needs;
  Properties properties;

 private:
  Site site_;
};

// Files of one test, and openssl on them.
class Openssl {
 public:
  Openssl()
      : folder_(std::filesystem::temp_directory_path() / fmt::format("encamp-x509-{}", getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~Openssl() { std::filesystem::remove_all(folder_); }
  Openssl(const Openssl&) = delete;
  Openssl& operator=(const Openssl&) = delete;

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  static std::string output(const std::string& arguments) {
    std::string text;
    std::FILE* pipe = popen(fmt::format("openssl {} 2>&1", arguments).c_str(), "r");
    for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;)
      text += static_cast<char>(c);
    pclose(pipe);
    return text;
  }

 private:
  std::filesystem::path folder_;
};

class AuthorityTest : public testing::Test {
 protected:
  Record made(const Component& component, const Address& address, const Properties& wanted,
              const Record& before = {}) {
    FakeContext context(world_, {kDeployment, address, 1});
    context.records = records_;
    context.secrets = secrets_[address];
    Record record = before;
    record.address = address;
    record.properties = wanted;
    record.attributes = component.realize(wanted, before, context);
    secrets_[address] = context.secrets;
    records_[address] = record;
    return record;
  }

  Record make_grid_ca(std::vector<std::string> serials = {}, const Record& before = {}) {
    return made(*authority_, "resources.grid-ca",
                {{"subject", kGrid},
                 {"bits", 2048},
                 {"lifetime", Duration(std::chrono::hours(24 * 3650))},
                 {"crl_lifetime", Duration(std::chrono::hours(24 * 365))},
                 {"serials", Value::List(serials.begin(), serials.end())}},
                before);
  }

  static Properties alice() {
    return {{"issuer", Reference{"resources.grid-ca"}},
            {"subject", std::string(kGrid) + "/OU=people/CN=Alice Tester"},
            {"bits", 2048},
            {"issue", 1},
            {"lifetime", Duration(std::chrono::hours(24 * 1000))}};
  }

  static std::string text(const Record& record, const std::string& name) {
    return record.attributes.at(name).text();
  }

  FakeWorld world_;
  std::map<Address, Record> records_;
  std::map<Address, std::map<std::string, Secret>> secrets_;
  std::unique_ptr<const Component> authority_ = make_authority_component();
  std::unique_ptr<const Component> certificate_ = make_certificate_component();
  Openssl openssl_;
};

TEST(X509, NamesFilesAsOpensslDoes) {
  for (const char* subject :
       {kGrid, "/C=DE/O=GermanGrid/CN=GridKa-CA", "/DC=test/O=A B/OU=hosts/CN=host/ce.grid.test"}) {
    const std::string key = x509::make_key(2048);
    const x509::WallTime now =
        std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
    const std::string certificate = x509::make_authority(
        {.subject = subject, .serial = "1a", .from = now, .until = now + std::chrono::hours(1)},
        key);
    const Openssl openssl;
    const std::string file = openssl.file("ca.pem", certificate);

    EXPECT_EQ(Openssl::output("x509 -noout -subject_hash -subject_hash_old -in " + file),
              x509::subject_hash(subject) + "\n" + x509::subject_hash_old(subject) + "\n");
    const std::optional<x509::Facts> facts = x509::read_certificate(certificate);
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->subject, subject);
    EXPECT_EQ(facts->hash, x509::subject_hash(subject));
    EXPECT_EQ(facts->hash_old, x509::subject_hash_old(subject));
    EXPECT_TRUE(facts->is_authority);
  }
}

TEST(X509, SaysWhatIsWrongWithASubject) {
  EXPECT_EQ(x509::problem_with_subject(kGrid), "");
  EXPECT_EQ(x509::problem_with_subject("/CN=host/ce.test"), "");
  EXPECT_NE(x509::problem_with_subject(""), "");
  EXPECT_NE(x509::problem_with_subject("CN=a"), "");
  EXPECT_NE(x509::problem_with_subject("/XY=a"), "");
  EXPECT_NE(x509::problem_with_subject("/CN="), "");
  EXPECT_NE(x509::problem_with_subject("/C=Germany"), "");  // Two letters.
  EXPECT_NE(x509::problem_with_subject("/CN=O'Hara"), "");
}

TEST_F(AuthorityTest, SignsWhatOpensslVerifies) {
  const Record ca = make_grid_ca();
  Properties host = alice();
  host["subject"] = std::string(kGrid) + "/OU=hosts/CN=ce.grid.test";
  host["host"] = "ce.grid.test";
  const Record user = made(*certificate_, "resources.alice", alice());
  const Record server = made(*certificate_, "nodes.ce.resources.host", host);
  const std::string ca_file = openssl_.file("ca.pem", text(ca, "certificate"));
  const std::string user_file = openssl_.file("user.pem", text(user, "certificate"));
  const std::string host_file = openssl_.file("host.pem", text(server, "certificate"));

  EXPECT_EQ(Openssl::output(fmt::format("verify -x509_strict -purpose sslclient -CAfile {} {}",
                                        ca_file, user_file)),
            user_file + ": OK\n");
  EXPECT_EQ(
      Openssl::output(fmt::format(
          "verify -x509_strict -purpose sslserver -verify_hostname ce.grid.test -CAfile {} {}",
          ca_file, host_file)),
      host_file + ": OK\n");
  EXPECT_TRUE(
      Openssl::output(fmt::format("verify -purpose sslserver -CAfile {} {}", ca_file, user_file))
          .find("OK") == std::string::npos);
  EXPECT_EQ(text(user, "issuer"), kGrid);
  EXPECT_TRUE(user.attributes.at("private_key").is_secret());
  EXPECT_TRUE(ca.attributes.at("private_key").is_secret());
  EXPECT_TRUE(x509::belongs_to(text(user, "certificate"), text(user, "private_key")));
  EXPECT_NE(x509::read_certificate(text(user, "certificate"))->serial,
            x509::read_certificate(text(server, "certificate"))->serial);
}

TEST_F(AuthorityTest, RevokesWhatSaysSoInPlace) {
  const Record ca = make_grid_ca();
  const Record user = made(*certificate_, "resources.alice", alice());
  const std::string serial = serial_of("resources.alice", alice());
  EXPECT_EQ(x509::read_certificate(text(user, "certificate"))->serial, serial);
  const std::string user_file = openssl_.file("user.pem", text(user, "certificate"));
  const auto verify = [&](const Record& authority) {
    const std::string file =
        openssl_.file("chain.pem", text(authority, "certificate") + text(authority, "crl"));
    return Openssl::output(fmt::format("verify -crl_check -CAfile {} {}", file, user_file));
  };
  EXPECT_EQ(verify(ca), user_file + ": OK\n");

  const Record later = make_grid_ca({serial}, ca);

  EXPECT_EQ(text(later, "certificate"), text(ca, "certificate"));
  EXPECT_EQ(later.attributes.at("private_key"), ca.attributes.at("private_key"));
  EXPECT_NE(verify(later).find("certificate revoked"), std::string::npos);
}

TEST_F(AuthorityTest, KeepsACertificateAndSignsItAnewForAnotherAuthority) {
  make_grid_ca();
  const Record first = made(*certificate_, "resources.alice", alice());
  EXPECT_EQ(made(*certificate_, "resources.alice", alice(), first).attributes, first.attributes);

  secrets_.erase("resources.grid-ca");
  records_.erase("resources.grid-ca");
  const Record other = make_grid_ca();
  const Record second = made(*certificate_, "resources.alice", alice(), first);

  EXPECT_NE(text(second, "certificate"), text(first, "certificate"));
  EXPECT_EQ(second.attributes.at("private_key"), first.attributes.at("private_key"));
  EXPECT_TRUE(x509::is_signed_by(text(second, "certificate"), text(other, "certificate")));
}

TEST_F(AuthorityTest, MakesAnewWhatHasEnded) {
  make_grid_ca();
  Properties soon = alice();
  soon["lifetime"] = Duration(std::chrono::minutes(1));
  const Record first = made(*certificate_, "resources.alice", soon);
  FakeContext context(world_, {kDeployment, "resources.alice", 1});
  EXPECT_TRUE(certificate_->observe(first, context));

  world_.clock().sleep(std::chrono::minutes(2), {});

  EXPECT_FALSE(certificate_->observe(first, context));
  const Record second = made(*certificate_, "resources.alice", soon, first);
  EXPECT_NE(text(second, "certificate"), text(first, "certificate"));
  EXPECT_TRUE(certificate_->observe(second, context));
}

TEST_F(AuthorityTest, ThatExistsIsTrustedAndSignsNothing) {
  const std::string pem = text(make_grid_ca(), "certificate");
  secrets_.clear();
  const Properties wanted{{"certificate", pem}};
  WhatIsSet expansion;
  authority_->expand({.address = "resources.grid-ca", .properties = wanted}, expansion);
  EXPECT_EQ(expansion.properties.at("subject"), Value(kGrid));
  EXPECT_EQ(expansion.properties.at("hash"), Value(x509::subject_hash(kGrid)));
  const Record anchor = made(*authority_, "resources.grid-ca", wanted);
  EXPECT_EQ(text(anchor, "certificate"), pem);

  try {
    made(*certificate_, "resources.alice", alice());
    FAIL() << "signed it";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "resources.alice cannot be signed: the key of 'grid-ca' is not there");
  }
}

TEST_F(AuthorityTest, ThatHasExpiredIsRefused) {
  const x509::WallTime now = world_.clock().wall_time();
  const std::string pem = x509::make_authority({.subject = kGrid,
                                                .serial = "1",
                                                .from = now - std::chrono::hours(48),
                                                .until = now - std::chrono::hours(24)},
                                               x509::make_key(2048));
  try {
    made(*authority_, "resources.grid-ca", {{"certificate", pem}});
    FAIL() << "trusted it";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "the certificate of '/DC=test/DC=grid/O=GridTest' has expired on 2025-12-31 00:00 "
                 "UTC");
  }
}

TEST_F(AuthorityTest, KnowsWhatItRevokesFromTheDescriptionAlone) {
  const auto certificate = [](const Address& address, const Address& issuer, bool revoked) {
    Properties properties = alice();
    properties["issuer"] = Reference{issuer};
    properties["revoked"] = revoked;
    return Resource{
        .address = address, .component = "certificate", .properties = std::move(properties)};
  };
  const Resource authority{
      .address = "resources.ca",
      .component = "authority",
      .properties = {{"subject", kGrid}, {"revoked", Value::List{Reference{"resources.b"}}}}};
  const Site site{.resources = {authority, certificate("resources.a", "resources.ca", true),
                                certificate("resources.b", "resources.ca", false),
                                certificate("resources.c", "resources.ca", false),
                                certificate("resources.d", "resources.other", true)}};
  WhatIsSet expansion(site);
  authority_->expand(authority, expansion);
  WhatIsSet user;
  certificate_->expand(site.resources[1], user);

  const auto serial = [&](std::size_t i) {
    return serial_of(site.resources[i].address, site.resources[i].properties);
  };
  Value::List expected{std::min(serial(1), serial(2)), std::max(serial(1), serial(2))};
  EXPECT_EQ(expansion.properties.at("serials"), Value(expected));
  EXPECT_EQ(user.needs, std::vector<Address>{"resources.ca"});
  EXPECT_TRUE(user.properties.at("authority").is_pending());
}

TEST_F(AuthorityTest, SaysWhatIsWrongWithADescription) {
  const auto codes = [&](const Component& component, const Properties& properties) {
    Diagnostics diagnostics;
    component.check({.address = "resources.x", .properties = properties}, diagnostics);
    std::string text;
    for (const Diagnostic& diagnostic : diagnostics.all())
      text += diagnostic.code + " ";
    return text;
  };
  EXPECT_EQ(codes(*authority_, {{"subject", kGrid}}), "");
  EXPECT_EQ(codes(*authority_, {}), "missing-key ");
  EXPECT_EQ(codes(*authority_, {{"subject", "GridTest"}}), "bad-subject ");
  EXPECT_EQ(codes(*authority_, {{"certificate", "./ca.pem"}}), "bad-certificate ");
  EXPECT_EQ(codes(*certificate_, alice()), "");
  Properties wrong = alice();
  wrong["subject"] = "Alice";
  wrong["host"] = "no host";
  EXPECT_EQ(codes(*certificate_, wrong), "bad-subject bad-name ");
}

}  // namespace
}  // namespace encamp
