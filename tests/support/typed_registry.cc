#include "tests/support/typed_registry.h"

#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace encamp::test {
namespace {

class SchemaOnly : public Component {
 public:
  explicit SchemaOnly(Schema schema) : schema_(std::move(schema)) {}

  const Schema& schema() const override { return schema_; }
  Attributes realize(const Properties&, const Record&, Context&) const override {
    throw std::logic_error("a test component realizes nothing");
  }
  void remove(const Record&, Context&) const override {}

 private:
  Schema schema_;
};

using Kind = Type::Kind;

Type of(Kind kind) {
  return {.kind = kind};
}
Type list_of(Kind kind) {
  return {.kind = Kind::List, .item = {of(kind)}, .or_one = true};
}

Schema network() {
  return {.component = "network",
          .section = "networks",
          .properties = {{.name = "subnet", .type = of(Kind::Subnet)},
                         {.name = "forward",
                          .type = of(Kind::Text),
                          .fallback = "nat",
                          .one_of = {"nat", "isolated"}},
                         {.name = "bridge", .type = of(Kind::Text), .chosen = true}},
          .attributes = {{.name = "subnet", .type = of(Kind::Subnet), .phase = Phase::Chosen},
                         {.name = "gateway", .type = of(Kind::Ip), .phase = Phase::Chosen}}};
}

Schema image() {
  return {.component = "image",
          .section = "images",
          .properties = {{.name = "debian", .type = of(Kind::Text)},
                         {.name = "file", .type = of(Kind::Source)},
                         {.name = "sha256", .type = of(Kind::Text), .pattern = "[0-9a-f]{64}"},
                         {.name = "architecture", .type = of(Kind::Text)},
                         {.name = "packages", .type = list_of(Kind::Text)},
                         {.name = "mirror", .type = of(Kind::Text)}}};
}

Schema node() {
  return {.component = "node",
          .section = "nodes",
          .properties = {{.name = "image",
                          .type = {.kind = Kind::Reference, .section = "images"},
                          .required = true},
                         {.name = "memory",
                          .type = of(Kind::Size),
                          .required = true,
                          .least = Value(Bytes::mebi(32))},
                         {.name = "disk", .type = of(Kind::Size), .required = true},
                         {.name = "cpus",
                          .type = of(Kind::Integer),
                          .fallback = 1,
                          .least = Value(1),
                          .most = Value(64)},
                         {.name = "networks", .type = {.kind = Kind::Any, .section = "networks"}},
                         {.name = "mounts",
                          .type = {.kind = Kind::Mapping,
                                   .item = {{.kind = Kind::Reference, .section = "volumes"}}}},
                         {.name = "isolation",
                          .type = of(Kind::Text),
                          .fallback = "any",
                          .one_of = {"any", "vm"}},
                         {.name = "host", .type = of(Kind::Text)},
                         {.name = "kvm", .type = of(Kind::Boolean), .chosen = true}},
          .attributes = {{.name = "address", .type = of(Kind::Ip), .phase = Phase::Chosen}}};
}

Schema volume() {
  return {.component = "volume",
          .section = "volumes",
          .properties = {{.name = "size", .type = of(Kind::Size), .required = true}},
          .attributes = {{.name = "size", .type = of(Kind::Size), .phase = Phase::Known}}};
}

Schema package() {
  return {.component = "package",
          .section = "software",
          .subject = "names",
          .properties = {{.name = "names",
                          .type = list_of(Kind::Text),
                          .required = true,
                          .pattern = "[a-z0-9][a-z0-9+.-]+"},
                         {.name = "version", .type = of(Kind::Text)},
                         {.name = "prepare", .type = of(Kind::Text)}}};
}

Schema file() {
  return {.component = "file",
          .section = "software",
          .subject = "path",
          .properties = {{.name = "path", .type = of(Kind::Path), .required = true},
                         {.name = "content", .type = of(Kind::Text)},
                         {.name = "source", .type = of(Kind::Bytes), .gives = "content"},
                         {.name = "template", .type = of(Kind::Template), .gives = "content"},
                         {.name = "owner", .type = of(Kind::Text), .fallback = "root"},
                         {.name = "group", .type = of(Kind::Text)},
                         {.name = "mode", .type = of(Kind::Mode), .fallback = "0644"}},
          .attributes = {{.name = "digest", .type = of(Kind::Text), .phase = Phase::Late}}};
}

Schema directory() {
  return {.component = "directory",
          .section = "software",
          .subject = "path",
          .properties = {{.name = "path", .type = of(Kind::Path), .required = true},
                         {.name = "owner", .type = of(Kind::Text), .fallback = "root"},
                         {.name = "group", .type = of(Kind::Text)},
                         {.name = "mode", .type = of(Kind::Mode), .fallback = "0755"},
                         {.name = "source", .type = of(Kind::Directory)}},
          .attributes = {
              {.name = "digest", .type = of(Kind::Text), .phase = Phase::Late, .with = "source"}}};
}

Schema account(const std::string& component) {
  return {.component = component,
          .section = "software",
          .subject = "account",
          .properties = {{.name = "account", .type = of(Kind::Text), .required = true},
                         {.name = "system", .type = of(Kind::Boolean)}}};
}

Schema service() {
  return {.component = "service",
          .section = "software",
          .subject = "unit",
          .properties = {{.name = "unit", .type = of(Kind::Text), .required = true},
                         {.name = "enabled", .type = of(Kind::Boolean), .fallback = true},
                         {.name = "restarts_with",
                          .type = {.kind = Kind::List,
                                   .item = {{.kind = Kind::Reference, .section = "software"}},
                                   .or_one = true}},
                         {.name = "ready",
                          .type = {.kind = Kind::Mapping,
                                   .fields = {{.name = "port",
                                               .type = of(Kind::Integer),
                                               .least = Value(1),
                                               .most = Value(65535)},
                                              {.name = "url", .type = of(Kind::Text)},
                                              {.name = "command", .type = of(Kind::Text)},
                                              {.name = "timeout",
                                               .type = of(Kind::Time),
                                               .fallback = Value(Duration(60'000))}}}}},
          .runs = true};
}

Schema secret() {
  return {.component = "secret",
          .section = "resources",
          .properties = {{.name = "bytes",
                          .type = of(Kind::Integer),
                          .fallback = 32,
                          .least = Value(16),
                          .most = Value(1024)}},
          .attributes = {
              {.name = "value", .type = of(Kind::Text), .phase = Phase::Late, .secret = true}}};
}

Schema command() {
  return {.component = "command",
          .section = "software",
          .subject = "run",
          .properties = {{.name = "run", .type = of(Kind::Text), .required = true},
                         {.name = "creates", .type = of(Kind::Path)},
                         {.name = "user", .type = of(Kind::Text)},
                         {.name = "directory", .type = of(Kind::Path)},
                         {.name = "environment",
                          .type = {.kind = Kind::Mapping, .item = {of(Kind::Text)}}},
                         {.name = "input", .type = of(Kind::Text)}},
          .attributes = {{.name = "output", .type = of(Kind::Text), .phase = Phase::Late}}};
}

}  // namespace

Registry typed_registry() {
  Registry registry;
  for (Schema& schema :
       std::vector<Schema>{network(), image(), volume(), node(), package(), file(), directory(),
                           account("user"), account("group"), service(), command(), secret()})
    registry.add(std::make_unique<const SchemaOnly>(std::move(schema)));
  return registry;
}

}  // namespace encamp::test
