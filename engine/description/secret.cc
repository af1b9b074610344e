#include "engine/description/secret.h"

#include <stdexcept>
#include <utility>

#include "engine/world/digest.h"

namespace encamp {
namespace {

std::string keyed(const Secret::Key& key, const std::string& digest) {
  return key == nullptr ? std::string() : hmac_sha256(*key, digest);
}

}  // namespace

Secret::Secret(std::string text, Key key, std::string name)
    : text_(std::make_shared<const std::string>(std::move(text))),
      key_(std::move(key)),
      digest_(keyed(key_, sha256(*text_))),
      name_(std::move(name)) {}

Secret Secret::closed(std::string digest, std::string name) {
  Secret secret;
  secret.digest_ = std::move(digest);
  secret.name_ = std::move(name);
  return secret;
}

const std::string& Secret::text() const {
  if (text_ == nullptr)
    throw std::logic_error("the secret '" + name_ + "' is not open");
  return *text_;
}

Secret Secret::with_key(Key key) const {
  if (text_ != nullptr)
    return {*text_, std::move(key), name_};
  Secret secret = *this;
  secret.key_ = std::move(key);
  return secret;
}

bool Secret::holds(const std::string& sha256_of_bytes) const {
  return key_ != nullptr && keyed(key_, sha256_of_bytes) == digest_;
}

}  // namespace encamp
