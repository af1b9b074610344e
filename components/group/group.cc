#include "components/group/group.h"

#include <fmt/format.h>

namespace encamp {
namespace {

/// The note on the group's number before the item, or null when there was no such group.
constexpr const char* kOriginalGroup = "original";

std::optional<int> gid_of(const Properties& properties) {
  const auto found = properties.find("gid");
  if (found == properties.end() || found->second.is_null())
    return std::nullopt;
  return static_cast<int>(found->second.integer());
}

class GroupComponent : public Component {
 public:
  const Schema& schema() const override {
    static const Schema schema{
        .component = "group",
        .section = "software",
        .about = "A group of users on a node. One that was there before stays, with its number.",
        .subject = "name",
        .properties = {{.name = "name",
                        .type = {.kind = Type::Kind::Text},
                        .about = "What it is called.",
                        .required = true,
                        .on_change = OnChange::Replace,
                        .pattern = "[a-z_][a-z0-9_-]{0,31}"},
                       {.name = "gid",
                        .type = {.kind = Type::Kind::Integer},
                        .about = "Its number; a free one unless said.",
                        .least = Value(0)},
                       {.name = "system",
                        .type = {.kind = Type::Kind::Boolean},
                        .about = "For a service: it has a number below 1000.",
                        .fallback = Value(false),
                        .on_change = OnChange::Ignore}},
        .attributes = {}};
    return schema;
  }

  Attributes realize(const Properties& wanted, const Record& record,
                     Context& context) const override {
    const std::string& name = wanted.at("name").text();
    Guest& guest = context.guest();
    if (!record.notes.contains(kOriginalGroup)) {
      const std::optional<int> before = guest.find_group(name);
      context.note(kOriginalGroup, before ? Value(*before) : Value());
    }
    guest.put_group(name, gid_of(wanted),
                    wanted.contains("system") && wanted.at("system").boolean());
    return {};
  }

  std::optional<Properties> observe(const Record& record, Context& context) const override {
    const std::optional<int> gid = context.guest().find_group(record.properties.at("name").text());
    if (!gid)
      return std::nullopt;
    Properties seen = record.properties;
    if (seen.contains("gid"))
      seen["gid"] = *gid;
    return seen;
  }

  void remove(const Record& record, Context& context) const override {
    const auto original = record.notes.find(kOriginalGroup);
    if (original == record.notes.end())
      return;
    const std::string& name = record.properties.at("name").text();
    if (original->second.is_null())
      context.guest().remove_group(name);
    else
      context.guest().put_group(name, static_cast<int>(original->second.integer()), false);
  }
};

}  // namespace

std::unique_ptr<const Component> make_group_component() {
  return std::make_unique<GroupComponent>();
}

}  // namespace encamp
