#include "src/json_schema.h"

#include <nlohmann/json.hpp>

namespace encamp {
namespace {

using Json = nlohmann::ordered_json;

Json ref_to(const std::string& name) {
  return {{"$ref", "#/$defs/" + name}};
}

/// `schema`, or a reference whose value is not known to an editor, or null, which removes a key.
Json or_reference(Json schema) {
  return {{"anyOf", Json::array({std::move(schema), ref_to("reference"), {{"type", "null"}}})}};
}

Json text() {
  return {{"type", Json::array({"string", "number", "boolean"})}};
}

Json matching(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", pattern}};
}

Json type_schema(const Type& type);

Json property_schema(const PropertySchema& property) {
  Json schema = type_schema(property.type);
  if (!property.one_of.empty())
    schema = {{"enum", property.one_of}};
  if (property.type.kind == Type::Kind::Integer) {
    if (property.least)
      schema["minimum"] = property.least->integer();
    if (property.most)
      schema["maximum"] = property.most->integer();
  }
  schema = or_reference(std::move(schema));
  if (!property.about.empty())
    schema["description"] = property.about;
  return schema;
}

Json object(Json properties) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"patternProperties", {{"^x-", Json::object()}}},
          {"additionalProperties", false}};
}

Json mapping_of(Json item) {
  return {{"type", Json::array({"object", "null"})},
          {"patternProperties", {{"^x-", Json::object()}}},
          {"additionalProperties", std::move(item)}};
}

Json list_of(Json item) {
  return {{"type", "array"}, {"items", std::move(item)}};
}

Json one_or_list(Json item) {
  Json list = list_of(item);
  return {{"anyOf", Json::array({std::move(item), std::move(list)})}};
}

Json type_schema(const Type& type) {
  switch (type.kind) {
    case Type::Kind::Any:
      return Json::object();
    case Type::Kind::Text:
    case Type::Kind::Reference:
      return text();
    case Type::Kind::Integer:
      return {{"type", "integer"}};
    case Type::Kind::Number:
      return {{"type", "number"}};
    case Type::Kind::Boolean:
      return {{"type", "boolean"}};
    case Type::Kind::Size:
      return ref_to("size");
    case Type::Kind::Time:
      return ref_to("duration");
    case Type::Kind::Ip:
      return matching(R"(^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$)");
    case Type::Kind::Subnet:
      return matching(R"(^(auto|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/[0-9]+)$)");
    case Type::Kind::Path:
      return matching("^/");
    case Type::Kind::Source:
    case Type::Kind::Bytes:
    case Type::Kind::Template:
    case Type::Kind::Parsed:
    case Type::Kind::Directory:
      return {{"type", "string"}};
    case Type::Kind::Mode:
      return {{"type", Json::array({"string", "integer"})}};
    case Type::Kind::List: {
      Json item = or_reference(type_schema(type.item_type()));
      return type.or_one ? one_or_list(std::move(item)) : list_of(std::move(item));
    }
    case Type::Kind::Mapping:
      break;
  }
  if (type.fields.empty())
    return mapping_of(or_reference(type_schema(type.item_type())));
  Json fields = Json::object();
  Json required = Json::array();
  for (const PropertySchema& field : type.fields) {
    fields[field.name] = property_schema(field);
    if (field.required && !field.fallback)
      required.push_back(field.name);
  }
  Json schema = object(std::move(fields));
  if (!required.empty())
    schema["required"] = std::move(required);
  return schema;
}

Json properties_of(const Schema& schema) {
  Json properties = Json::object();
  for (const PropertySchema& property : schema.properties) {
    if (!property.chosen && property.name != schema.subject)
      properties[property.name] = property_schema(property);
  }
  return properties;
}

void add_copies(Json& properties) {
  properties["count"] = or_reference({{"type", "integer"}, {"minimum", 0}});
  properties["for_each"] = or_reference({{"type", Json::array({"object", "array"})}});
  properties["when"] = or_reference({{"type", "boolean"}});
}

Json copies() {
  Json properties = Json::object();
  add_copies(properties);
  return properties;
}

Json retry() {
  return object({{"times", or_reference({{"type", "integer"}, {"minimum", 1}})},
                 {"backoff", or_reference(ref_to("duration"))}});
}

Json item_schema(const Schema& schema) {
  Json properties = properties_of(schema);
  properties["name"] = text();
  properties["needs"] = one_or_list({{"type", "string"}});
  properties["before"] = text();
  properties["timeout"] = or_reference(ref_to("duration"));
  properties["retry"] = or_reference(retry());
  add_copies(properties);
  const PropertySchema* subject = schema.find_property(schema.subject);
  Json key = subject == nullptr ? Json::object() : type_schema(subject->type);
  // As a key of the item it may also be this component's property (a file's `group`).
  key = {{"anyOf", Json::array({std::move(key), ref_to("reference")})},
         {"description", schema.about}};
  properties[schema.component] = std::move(key);
  Json item = object(std::move(properties));
  item["required"] = Json::array({schema.component});
  return item;
}

Json software(const Registry& registry) {
  Json kinds = Json::array();
  for (const Component* component : registry.all("software"))
    kinds.push_back(ref_to("item-" + component->schema().component));
  return {{"type", Json::array({"array", "null"})}, {"items", {{"anyOf", std::move(kinds)}}}};
}

Json without(const std::string& key) {
  return {{"not", {{"required", Json::array({key})}}}};
}

// Nothing runs in an image, and nothing waits.
Json software_of_an_image(const Registry& registry) {
  Json kinds = Json::array();
  for (const Component* component : registry.all("software")) {
    if (!component->schema().runs)
      kinds.push_back(ref_to("item-" + component->schema().component));
  }
  Json item{{"anyOf", std::move(kinds)}};
  item.update(without("needs"));
  return {{"type", Json::array({"array", "null"})}, {"items", std::move(item)}};
}

Json resources(const Registry& registry) {
  Json properties = Json::object();
  Json kinds = Json::array();
  for (const Component* component : registry.all("resources")) {
    Json of = object(properties_of(component->schema()));
    of["type"] = Json::array({"object", "null"});
    of["description"] = component->schema().about;
    properties[component->schema().component] = std::move(of);
    kinds.push_back({{"required", Json::array({component->schema().component})}});
  }
  add_copies(properties);
  Json resource = object(std::move(properties));
  if (!kinds.empty())
    resource["oneOf"] = std::move(kinds);
  return mapping_of(std::move(resource));
}

Json declarations(const std::string& own_key) {
  Json properties{{"type", {{"type", "string"}}},
                  {"default", Json::object()},
                  {"about", text()},
                  {"range", {{"type", "array"}, {"minItems", 2}, {"maxItems", 2}}},
                  {"one_of", list_of(text())},
                  {"pattern", {{"type", "string"}}}};
  properties[own_key] = {{"type", "boolean"}};
  Json declaration = object(std::move(properties));
  declaration["required"] = Json::array({"type"});
  return mapping_of(std::move(declaration));
}

Json test(const char* where) {
  const Json command_text = or_reference(text());
  Json properties{
      {"run", command_text},
      {"user", command_text},
      {"directory", command_text},
      {"environment", or_reference(mapping_of(text()))},
      {"input", command_text},
      {"needs", one_or_list({{"type", "string"}})},
      {"expect",
       object({{"exit", or_reference({{"type", "integer"}, {"minimum", 0}, {"maximum", 255}})},
               {"output", command_text},
               {"contains", one_or_list(text())},
               {"matches", command_text}})},
      {"timeout", or_reference(ref_to("duration"))},
      {"collect", one_or_list(text())}};
  if (where != nullptr) {
    properties["node"] = text();
    properties["nodes"] = one_or_list(text());
  }
  Json schema = object(std::move(properties));
  schema["required"] = Json::array({"run"});
  return mapping_of(std::move(schema));
}

// Attributes of prototypes are keys of whatever extends them.
Json node(const Registry& registry, bool is_prototype) {
  Json properties = Json::object();
  if (const Component* component = registry.find("node"))
    properties = properties_of(component->schema());
  properties["extends"] = one_or_list({{"type", "string"}});
  properties["needs"] = one_or_list({{"type", "string"}});
  properties["software"] = ref_to("software");
  properties["resources"] = ref_to("resources");
  properties["tests"] = ref_to("tests-of-a-node");
  add_copies(properties);
  if (is_prototype) {
    properties["attributes"] = declarations("required");
    return {{"type", Json::array({"object", "null"})}, {"properties", std::move(properties)}};
  }
  Json open{{"type", "object"}, {"required", Json::array({"extends"})}, {"properties", properties}};
  return {{"anyOf", Json::array({object(std::move(properties)), std::move(open)})}};
}

Json section(const Registry& registry, const std::string& component, Json more = Json::object()) {
  Json properties = Json::object();
  if (const Component* found = registry.find(component))
    properties = properties_of(found->schema());
  properties.update(more);
  Json entry = object(std::move(properties));
  entry["type"] = Json::array({"object", "null"});
  return mapping_of(std::move(entry));
}

Json images(const Registry& registry) {
  Json section_schema =
      section(registry, "image",
              {{"extends", {{"type", "string"}}}, {"software", ref_to("software-of-an-image")}});
  // With `file` also `sha256`; `dependentRequired` is not known to every editor.
  section_schema["additionalProperties"]["anyOf"] =
      Json::array({without("file"), {{"required", Json::array({"sha256"})}}});
  return section_schema;
}

Json definitions(const Registry& registry) {
  Json defs{
      {"reference", matching(R"(\$\{\{)")},
      {"size", matching(R"(^[0-9]+(\.[0-9]+)? *(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$)")},
      {"duration", matching(R"(^[0-9]+(\.[0-9]+)? *(ms|s|min|h)$)")},
  };
  for (const Component* component : registry.all("software"))
    defs["item-" + component->schema().component] = item_schema(component->schema());
  defs["software"] = software(registry);
  defs["software-of-an-image"] = software_of_an_image(registry);
  defs["resources"] = resources(registry);
  defs["tests-of-a-node"] = test(nullptr);
  defs["node"] = node(registry, false);
  defs["prototype"] = node(registry, true);
  return defs;
}

}  // namespace

std::string json_schema(const Registry& registry) {
  Json check = object({{"that", or_reference({{"type", "boolean"}})}, {"message", text()}});
  check["required"] = Json::array({"that"});
  Json properties{{"encamp", {{"enum", Json::array({1, "1"})}}},
                  {"site", matching("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")},
                  {"about", text()},
                  {"domain", {{"type", "string"}}},
                  {"include", one_or_list({{"type", "string"}})},
                  {"parameters", declarations("secret")},
                  {"networks", section(registry, "network")},
                  {"images", images(registry)},
                  {"volumes", section(registry, "volume", copies())},
                  {"prototypes", mapping_of(ref_to("prototype"))},
                  {"nodes", mapping_of(ref_to("node"))},
                  {"resources", ref_to("resources")},
                  {"tests", test("node")},
                  {"outputs", mapping_of(Json::object())},
                  {"checks", list_of(std::move(check))}};
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
              {"title", "A site for encamp"}};
  schema.update(object(std::move(properties)));
  schema["required"] = Json::array({"encamp"});
  schema["$defs"] = definitions(registry);
  return schema.dump(2) + "\n";
}

}  // namespace encamp
