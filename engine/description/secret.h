// Text that is shown and recorded nowhere: a generated key, a password, and every text that
// contains one.
//
// In memory a secret may be *open*, it has its text then. Printed, recorded and compared it is a
// keyed digest, and the name under which the deployment keeps the text where it keeps it:
//
//     const Secret password("s3cret", key, "resources.password.value");
//     const Secret line = password.with_text("login " + password.text());   // has no name
//     line == recorded                                                     // by digest alone
//
// The key is the deployment's own: without it a digest tells nothing of a short password.
#pragma once

#include <memory>
#include <string>

namespace encamp {

class Secret {
 public:
  /// Nothing while nobody knows the deployment: the digest is empty then.
  using Key = std::shared_ptr<const std::string>;

  /// Open. `name` is empty for text that is made of others.
  Secret(std::string text, Key key, std::string name = {});
  /// As it was recorded.
  static Secret closed(std::string digest, std::string name);

  const std::string& name() const { return name_; }
  /// HMAC-SHA-256 of the text's SHA-256, in hexadecimal: who sees only the digest of a file can
  /// tell whether it holds the secret (holds()).
  const std::string& digest() const { return digest_; }
  const Key& key() const { return key_; }
  bool is_open() const { return text_ != nullptr; }
  /// Throws std::logic_error while it is closed.
  const std::string& text() const;

  /// Another text under the same key.
  Secret with_text(std::string text) const { return {std::move(text), key_}; }
  /// The same with the key of the deployment; its digest is made anew where it is open.
  Secret with_key(Key key) const;
  /// Whether bytes with that SHA-256 are the secret's. REQUIRES: it has a key.
  bool holds(const std::string& sha256_of_bytes) const;

  bool operator==(const Secret& other) const { return digest_ == other.digest_; }

 private:
  Secret() = default;

  std::shared_ptr<const std::string> text_;
  Key key_;
  std::string digest_;
  std::string name_;
};

}  // namespace encamp
