#include "components/secret/secret.h"

#include <fmt/format.h>

namespace encamp {
namespace {

constexpr const char* kValue = "value";

std::string hexadecimal(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes)
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

/// Each generation has one of its own: who replaces a secret gets another.
std::string kept_as(const Owner& owner) {
  return fmt::format("{}.{}", kValue, owner.generation);
}

class SecretComponent : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{
        .component = "secret",
        .section = "resources",
        .about =
            "Random bytes, made once and kept with the deployment's secrets. They are shown "
            "and recorded nowhere else, and neither is text that contains them.",
        .subject = "",
        .properties = {{.name = "bytes",
                        .type = {.kind = Type::Kind::Integer},
                        .about = "How many.",
                        .fallback = Value(32),
                        .on_change = OnChange::Replace,
                        .least = Value(8),
                        .most = Value(4096)}},
        .attributes = {{.name = kValue,
                        .type = {.kind = Type::Kind::Text},
                        .phase = Phase::Late,
                        .secret = true,
                        .about = "The bytes in hexadecimal."}}};
    return schema;
  }

  Attributes realize(const Properties& wanted, const Record&, Context& context) const override {
    const std::string name = kept_as(context.owner());
    if (const std::optional<Value> kept = context.find_secret(name))
      return {{kValue, *kept}};
    const auto count = static_cast<std::size_t>(wanted.at("bytes").integer());
    return {{kValue, context.keep_secret(name, hexadecimal(context.random_bytes(count)))}};
  }

  void remove(const Record&, Context& context) const override {
    context.forget_secret(kept_as(context.owner()));
  }
};

}  // namespace

std::unique_ptr<const Component> make_secret_component() {
  return std::make_unique<SecretComponent>();
}

}  // namespace encamp
