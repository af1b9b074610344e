#include "tests/support/small_components.h"

#include <fmt/format.h>

#include "tests/support/fake_workshop.h"

namespace encamp::test {
namespace {

const std::string& text(const Properties& properties, const std::string& name) {
  return properties.at(name).text();
}

void refuse_foreign(bool ours, const std::string& name) {
  if (!ours)
    throw Error(ErrorKind::Conflict, fmt::format("'{}' is somebody else's", name));
}

Claim claim_of(Claim::Kind kind, const std::vector<Claim>& claims) {
  for (const Claim& claim : claims) {
    if (claim.kind == kind)
      return claim;
  }
  throw Error(ErrorKind::Failed, "the record has no such claim");
}

class SmallNetwork : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{.component = "network", .section = "networks"};
    return schema;
  }
  std::vector<Claim> claims(const Properties&, const Owner& owner,
                            const std::string& deployment) const override {
    return {{.kind = Claim::Kind::Network,
             .name = "encamp." + deployment + "." + last_name(owner.address),
             .uuid = uuid_of(owner, "network")}};
  }
  Attributes realize(const Properties&, const Record& record, Context& context) const override {
    const Claim claim = record.claims.front();
    const auto found = context.host().find_network(claim);
    refuse_foreign(!found || found->owner == context.owner(), claim.name);
    if (!found || !found->active)
      context.host().create_network({.claim = claim, .owner = context.owner()});
    return {};
  }
  void remove(const Record& record, Context& context) const override {
    const auto found = context.host().find_network(record.claims.front());
    if (found && found->owner == context.owner())
      context.host().remove_network(record.claims.front());
  }
};

class SmallStorage : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{.component = "storage", .section = ""};
    return schema;
  }
  std::vector<Claim> claims(const Properties&, const Owner& owner,
                            const std::string& deployment) const override {
    return {{.kind = Claim::Kind::Pool,
             .name = "encamp." + deployment,
             .uuid = uuid_of(owner, "pool")}};
  }
  Attributes realize(const Properties&, const Record& record, Context& context) const override {
    const Claim claim = record.claims.front();
    const auto found = context.host().find_pool(claim);
    refuse_foreign(!found || found->uuid == claim.uuid, claim.name);
    if (!found)
      context.host().create_pool(claim);
    return {};
  }
  void remove(const Record& record, Context& context) const override {
    context.host().remove_pool(record.claims.front());
  }
};

class SmallNode : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{
        .component = "node",
        .section = "nodes",
        .properties = {{.name = "memory"}, {.name = "networks", .on_change = OnChange::Replace}}};
    return schema;
  }
  std::vector<Claim> claims(const Properties&, const Owner& owner,
                            const std::string& deployment) const override {
    const std::string name = last_name(owner.address);
    return {{.kind = Claim::Kind::Volume,
             .name = fmt::format("{}.{}.disk", name, owner.generation),
             .pool = "encamp." + deployment},
            {.kind = Claim::Kind::Guest,
             .name = "encamp." + deployment + "." + name,
             .uuid = uuid_of(owner, "guest")}};
  }
  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    Host& host = context.host();
    const Claim guest = claim_of(Claim::Kind::Guest, record.claims);
    const Claim disk = claim_of(Claim::Kind::Volume, record.claims);
    const auto found = host.find_guest(guest);
    refuse_foreign(!found || found->owner == context.owner(), guest.name);
    const SshKey key = context.ssh_key(record.address);
    const Value::Entry& network = wanted.at("networks").mapping().front();
    if (!host.find_volume({disk.pool, disk.name})) {
      const auto content =
          context.workshop().make_disk({Bytes::gibi(1),
                                        {{"address", 0644, network.value.find("address")->text()},
                                         {"key", 0600, key.private_key}}});
      host.create_volume({disk.pool, disk.name}, *content);
    }
    if (!found)
      host.define_guest({.claim = guest,
                         .owner = context.owner(),
                         .memory = wanted.at("memory").bytes(),
                         .disk = {disk.pool, disk.name},
                         .nics = {{"encamp." + context.deployment() + "." + network.key, ""}}});
    else if (found->memory != wanted.at("memory").bytes())
      host.set_guest_memory(guest, wanted.at("memory").bytes());
    host.start_guest(guest);
    return {{"ssh_host_key", key.public_key}};
  }
  void remove(const Record& record, Context& context) const override {
    Host& host = context.host();
    const Claim guest = claim_of(Claim::Kind::Guest, record.claims);
    const auto found = host.find_guest(guest);
    if (found && found->owner == context.owner()) {
      host.destroy_guest(guest);
      host.undefine_guest(guest);
    }
    const Claim disk = claim_of(Claim::Kind::Volume, record.claims);
    host.remove_volume({disk.pool, disk.name});
  }
};

class SmallFile : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{
        .component = "file",
        .section = "software",
        .subject = "path",
        .properties = {{.name = "path", .on_change = OnChange::Replace}, {.name = "content"}}};
    return schema;
  }
  Attributes realize(const Properties& wanted, const Record&, Context& context) const override {
    context.guest().write_file({.path = text(wanted, "path"), .content = text(wanted, "content")});
    return {};
  }
  void remove(const Record& record, Context& context) const override {
    context.guest().remove_file(text(record.properties, "path"));
  }
};

class SmallCommand : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{.component = "command",
                               .section = "software",
                               .subject = "text",
                               .properties = {{.name = "text"}},
                               .attributes = {{.name = "output"}}};
    return schema;
  }
  Attributes realize(const Properties& wanted, const Record&, Context& context) const override {
    const CommandResult result = context.guest().run(context.receipt("run", text(wanted, "text")),
                                                     {.text = text(wanted, "text")});
    if (result.exit != 0)
      throw Error(ErrorKind::Failed, fmt::format("exit {}", result.exit))
          .with_detail(result.errors);
    return {{"output", result.output}};
  }
  void remove(const Record&, Context&) const override {}
};

}  // namespace

void add_small_components(Registry& registry) {
  registry.add(std::make_unique<SmallNetwork>());
  registry.add(std::make_unique<SmallStorage>());
  registry.add(std::make_unique<SmallNode>());
  registry.add(std::make_unique<SmallFile>());
  registry.add(std::make_unique<SmallCommand>());
}

}  // namespace encamp::test
