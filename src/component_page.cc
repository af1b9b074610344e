#include "src/component_page.h"

#include <fmt/format.h>

#include "engine/description/value.h"

namespace encamp {
namespace {

std::string singular(const std::string& section) {
  return section.ends_with('s') ? section.substr(0, section.size() - 1) : section;
}

// What a cell of a table cannot hold.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string constraints(const PropertySchema& property) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (property.required)
    add("required");
  if (property.fallback)
    add("default " + to_display(*property.fallback));
  if (property.least && property.most)
    add(fmt::format("{} to {}", to_display(*property.least), to_display(*property.most)));
  else if (property.least)
    add("at least " + to_display(*property.least));
  else if (property.most)
    add("at most " + to_display(*property.most));
  if (!property.one_of.empty())
    add(fmt::format("one of {}", fmt::join(property.one_of, ", ")));
  if (property.pattern)
    add(fmt::format("matches `{}`", *property.pattern));
  return text;
}

const char* change_text(OnChange change) {
  switch (change) {
    case OnChange::Update:
      return "in place";
    case OnChange::Replace:
      return "replaces it";
    case OnChange::Ignore:
      return "changes nothing";
  }
  return "";
}

const char* phase_text(Phase phase) {
  switch (phase) {
    case Phase::Known:
      return "known";
    case Phase::Chosen:
      return "chosen";
    case Phase::Late:
      return "late";
  }
  return "";
}

void add_property(std::string& out, const PropertySchema& property, const std::string& prefix,
                  const std::string& change) {
  out += fmt::format("| `{}{}` | {} | {} | {} | {} |\n", prefix, property.name,
                     cell(type_text(property.type)), cell(constraints(property)), change,
                     cell(property.about));
  for (const PropertySchema& field : property.type.fields)
    add_property(out, field, prefix + property.name + ".", "");
}

std::string example_of(const Schema& schema) {
  if (schema.section == "software")
    return fmt::format("- {}: ...", schema.component);
  if (schema.section == "resources")
    return fmt::format("resources:\n      name: {{{}: {{...}}}}", schema.component);
  return fmt::format("{}:\n      name: {{...}}", schema.section);
}

}  // namespace

std::string type_text(const Type& type) {
  switch (type.kind) {
    case Type::Kind::Any:
      return "any";
    case Type::Kind::Text:
      return "text";
    case Type::Kind::Integer:
      return "integer";
    case Type::Kind::Number:
      return "number";
    case Type::Kind::Boolean:
      return "boolean";
    case Type::Kind::Size:
      return "size";
    case Type::Kind::Time:
      return "duration";
    case Type::Kind::Ip:
      return "address";
    case Type::Kind::Subnet:
      return "subnet";
    case Type::Kind::Path:
      return "path";
    case Type::Kind::Source:
    case Type::Kind::Bytes:
    case Type::Kind::Parsed:
      return "file of this machine";
    case Type::Kind::Directory:
      return "directory of this machine";
    case Type::Kind::Template:
      return "template of this machine";
    case Type::Kind::Mode:
      return "file mode";
    case Type::Kind::Reference:
      return type.section == "software" ? "item above" : "name of a " + singular(type.section);
    case Type::Kind::List:
      return fmt::format("{}list of {}", type.or_one ? "one or a " : "",
                         type_text(type.item_type()));
    case Type::Kind::Mapping:
      return type.fields.empty() ? "mapping of " + type_text(type.item_type()) : "mapping";
  }
  return {};
}

std::string component_page(const Schema& schema) {
  std::string out =
      fmt::format("# {}\n\n{}\n\n    {}\n\n", schema.component, schema.about, example_of(schema));
  if (!schema.subject.empty())
    out +=
        fmt::format("What stands behind `{}:` is its `{}`.\n\n", schema.component, schema.subject);
  if (!schema.properties.empty()) {
    out += "| property | type | | when it changes | |\n|---|---|---|---|---|\n";
    for (const PropertySchema& property : schema.properties) {
      if (!property.chosen)
        add_property(out, property, "", change_text(property.on_change));
    }
    out += "\n";
  }
  if (!schema.attributes.empty()) {
    out += "| attribute | type | known | |\n|---|---|---|---|\n";
    for (const AttributeSchema& attribute : schema.attributes)
      out += fmt::format("| `{}` | {} | {}{} | {} |\n", attribute.name,
                         cell(type_text(attribute.type)), phase_text(attribute.phase),
                         attribute.secret ? ", secret" : "", cell(attribute.about));
    out += "\n";
  }
  if (schema.shared)
    out += "It belongs to no deployment and outlives them.\n\n";
  return out.substr(0, out.size() - 1);
}

}  // namespace encamp
