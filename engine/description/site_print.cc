#include "engine/description/site_print.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "engine/description/expression.h"
#include "engine/description/item_name.h"
#include "engine/description/yaml_print.h"

namespace encamp {
namespace {

class SitePrinter {
 public:
  SitePrinter(const Site& site, const Outline& outline, const Registry& registry,
              ShowOrigins origins)
      : site_(site), outline_(outline), registry_(registry), origins_(origins) {
    for (const Resource& resource : site.resources) {
      if (resource.node.empty())
        resources_[collection_of(resource.address)].push_back(&resource);
      else
        resources_[resource.node + ".software"].push_back(&resource);
    }
    for (const Test& test : site.tests)
      tests_[collection_of(test.address)].push_back(&test);
  }

  std::string run() {
    out_ = fmt::format("encamp: 1\nsite: {}\ndomain: {}\n", site_.name, site_.domain);
    if (!site_.about.empty())
      line(0, "about", text(site_.about, 2), {});
    print_parameters();
    print_prototypes();
    print_section("networks");
    print_section("images");
    print_section("volumes");
    print_resources("resources", 0);
    print_nodes();
    print_tests("tests", 0);
    print_outputs();
    return std::move(out_);
  }

 private:
  template <typename T>
  using Collections = std::map<Address, std::vector<const T*>>;

  /// What stands before a name that is letters, digits, `-` and `_`, or is put in brackets.
  static Address collection_of(const Address& address) {
    return address.substr(0, address.size() - child_address("", last_name(address)).size());
  }

  template <typename T>
  static const std::vector<const T*>& in(const Collections<T>& all, const Address& collection) {
    static const std::vector<const T*> kNone;
    const auto found = all.find(collection);
    return found == all.end() ? kNone : found->second;
  }

  void line(std::size_t indent, const std::string& key, const std::string& value,
            const std::string& comment) {
    const std::string margin(indent, ' ');
    const std::size_t end = std::min(value.find('\n'), value.size());
    out_ += margin + key + ":" + (value.empty() || value.front() == '\n' ? "" : " ") +
            value.substr(0, end) + (comment.empty() ? "" : "  # " + comment) + value.substr(end) +
            "\n";
  }

  /// A `|` text with `{%` in it would be a block.
  static std::string text(const std::string& source, std::size_t indent) {
    return source.find("{%") == std::string::npos ? yaml_text(source, indent)
                                                  : yaml_scalar_quoted(source);
  }

  /// What stands behind `key:`; a list or mapping begins on the next line.
  std::string shown(const Value& value, std::size_t indent, const Type& type) const {
    const std::string margin(indent, ' ');
    std::string below;
    if (value.is_list()) {
      for (const Value& item : value.list())
        below += "\n" + margin + "- " + inner(item, indent + 2, type.item_type());
      return below.empty() ? "[]" : below;
    }
    if (value.is_mapping()) {
      for (const Value::Entry& entry : value.mapping()) {
        const auto field = std::ranges::find(type.fields, entry.key, &PropertySchema::name);
        const Type& of = field == type.fields.end() ? type.item_type() : field->type;
        const std::string behind = shown(entry.value, indent + 2, of);
        below += "\n" + margin + yaml_scalar(entry.key) + ":" +
                 (behind.front() == '\n' ? "" : " ") + behind;
      }
      return below.empty() ? "{}" : below;
    }
    if (value.is_secret())
      return "(secret)";
    if (value.is_pending() || value.is_text())
      return text(to_source(value), indent);
    if (value.is_reference() && type.kind == Type::Kind::Reference && type.section == "software")
      return yaml_scalar(last_name(value.reference()));
    if (value.is_reference())
      return "${{ " + value.reference() + " }}";
    const bool is_quantity = value.is<Bytes>() || value.is<Duration>();
    if (is_quantity && type.kind == Type::Kind::Any)
      return "${{ " + to_display(value) + " }}";
    return is_quantity ? to_display(value) : to_json(value);
  }

  // In a list the first line stands behind the dash.
  std::string inner(const Value& item, std::size_t indent, const Type& type) const {
    std::string behind = shown(item, indent, type);
    return behind.starts_with('\n') ? behind.substr(indent + 1) : behind;
  }

  std::string comment(const Address& address, const std::string& property) const {
    if (origins_ == ShowOrigins::No)
      return {};
    const auto found = outline_.origins.find({address, property});
    return found == outline_.origins.end() ? "default" : comment_of(found->second);
  }

  std::string comment_of(const Origin& origin) const {
    if (origins_ == ShowOrigins::No)
      return {};
    std::string comment = origin.where
                              ? fmt::format("{}:{}", origin.where.file->name(), origin.where.line)
                              : "default";
    for (const Diagnostic::Note& note : origin.way)
      comment += fmt::format(", {} at {}:{}", note.text, note.where.file->name(), note.where.line);
    for (const std::string& parameter : origin.parameters) {
      comment += fmt::format(", parameter '{}'", parameter);
      const auto given =
          std::ranges::find(outline_.parameters, parameter, &Outline::Attribute::name);
      if (given != outline_.parameters.end() && given->origin.where)
        comment +=
            fmt::format(" at {}:{}", given->origin.where.file->name(), given->origin.where.line);
    }
    std::ranges::replace(comment, '\n', ' ');
    return comment;
  }

  void print_parameters() {
    if (outline_.parameters.empty())
      return;
    out_ += "parameters:\n";
    for (const Outline::Attribute& parameter : outline_.parameters) {
      out_ += fmt::format("  {}:\n    type: {}\n", parameter.name, parameter.type);
      line(4, "default", shown(parameter.value, 6, declared(parameter.type)),
           comment_of(parameter.origin));
    }
  }

  // Only quantities depend on it, and only where anything may stand.
  static Type declared(const std::string& type) {
    return {.kind = type == "list" || type == "mapping" ? Type::Kind::Any : Type::Kind::Text,
            .item = {{.kind = Type::Kind::Text}}};
  }

  void print_prototypes() {
    if (outline_.prototypes.empty())
      return;
    out_ += "prototypes:\n";
    for (const Outline::Prototype& prototype : outline_.prototypes) {
      out_ += fmt::format("  {}:\n", prototype.name);
      print_extends(prototype.extends);
      if (!prototype.attributes.empty())
        out_ += "    attributes:\n";
      for (const auto& [name, type] : prototype.attributes)
        out_ += fmt::format("      {}: {{type: {}}}\n", name, type);
      if (prototype.extends.empty() && prototype.attributes.empty())
        out_ += "    {}\n";
    }
  }

  void print_extends(const std::vector<std::string>& names) {
    if (!names.empty())
      out_ += fmt::format("    extends: [{}]\n", fmt::join(names, ", "));
  }

  void print_properties(const Resource& resource, std::size_t indent, const std::string& except) {
    const Schema& schema = registry_.get(resource.component).schema();
    for (const PropertySchema& property : schema.properties) {
      const auto value = resource.properties.find(property.name);
      if (property.name == except || property.chosen || !property.gives.empty() ||
          value == resource.properties.end())
        continue;
      const Type networks{.kind = Type::Kind::Mapping,
                          .item = {{.kind = Type::Kind::Mapping, .item = {{Type::Kind::Text}}}}};
      const bool is_networks = resource.component == "node" && property.name == "networks";
      line(indent, property.name,
           shown(value->second, indent + 2, is_networks ? networks : property.type),
           comment(resource.address, property.name));
    }
  }

  void print_needs(const std::vector<Need>& needs, std::size_t indent) {
    if (needs.empty())
      return;
    out_ += std::string(indent, ' ') + "needs:\n";
    for (const Need& need : needs)
      out_ += fmt::format("{}- {}{}\n", std::string(indent, ' '), yaml_scalar(need.address),
                          origins_ == ShowOrigins::Yes && need.where
                              ? fmt::format("  # {}:{}", need.where.file->name(), need.where.line)
                              : "");
  }

  void print_section(const std::string& section) {
    const std::vector<const Resource*>& resources = in(resources_, section);
    if (!resources.empty())
      out_ += section + ":\n";
    for (const Resource* resource : resources) {
      const bool is_empty = std::ranges::none_of(
          resource->properties, [](const auto& property) { return !property.second.is_null(); });
      out_ += fmt::format("  {}:{}\n", last_name(resource->address), is_empty ? " {}" : "");
      print_properties(*resource, 4, "");
      print_image_software(*resource);
      print_needs(resource->needs, 4);
    }
  }

  // An image's property, made of items (resolve_images.cc).
  void print_image_software(const Resource& image) {
    const auto software = image.properties.find("software");
    if (image.component != "image" || software == image.properties.end())
      return;
    out_ += "    software:\n";
    for (const Value& value : software->second.list()) {
      Resource item{
          .address = child_address(image.address + ".software", value.find("name")->text()),
          .component = value.find("component")->text()};
      for (const Value::Entry& property : value.find("properties")->mapping())
        item.properties[property.key] = property.value;
      if (const Value* timeout = value.find("timeout"))
        item.timeout = Duration(timeout->integer());
      if (const Value* attempts = value.find("attempts"))
        item.attempts = static_cast<int>(attempts->integer());
      if (const Value* backoff = value.find("backoff"))
        item.backoff = Duration(backoff->integer());
      print_item(item);
    }
  }

  void print_resources(const Address& collection, std::size_t indent) {
    const std::string margin(indent, ' ');
    const std::vector<const Resource*>& resources = in(resources_, collection);
    if (!resources.empty())
      out_ += margin + "resources:\n";
    for (const Resource* resource : resources) {
      out_ += fmt::format("{}  {}:\n{}    {}:{}\n", margin, last_name(resource->address), margin,
                          resource->component, resource->properties.empty() ? " {}" : "");
      print_properties(*resource, indent + 6, "");
    }
  }

  void print_nodes() {
    const std::vector<const Resource*>& nodes = in(resources_, "nodes");
    if (!nodes.empty())
      out_ += "nodes:\n";
    for (const Resource* here : nodes) {
      const Resource& node = *here;
      out_ += fmt::format("  {}:\n", last_name(node.address));
      const auto outline = outline_.nodes.find(node.address);
      if (outline != outline_.nodes.end())
        print_extends(outline->second.extends);
      print_properties(node, 4, "");
      if (outline != outline_.nodes.end()) {
        for (const Outline::Attribute& attribute : outline->second.attributes)
          line(4, attribute.name, shown(attribute.value, 6, declared(attribute.type)),
               comment_of(attribute.origin));
      }
      print_needs(node.needs, 4);
      print_resources(node.address + ".resources", 4);
      const std::vector<const Resource*>& software = in(resources_, node.address + ".software");
      if (!software.empty())
        out_ += "    software:\n";
      for (const Resource* item : software)
        print_item(*item);
      print_tests(node.address + ".tests", 4);
    }
  }

  void print_item(const Resource& item) {
    const Schema& schema = registry_.get(item.component).schema();
    const auto subject = item.properties.find(schema.subject);
    std::string value = subject == item.properties.end()
                            ? ""
                            : shown(subject->second, subject->second.is_list() ? 8 : 10,
                                    schema.find_property(schema.subject)->type);
    const std::string known_as = last_name(item.address);
    const auto written = outline_.subjects.find(item.address);
    const bool is_named =
        is_a_name(known_as) && !(item.component == "service" && is_unit(item, known_as));
    const std::string meant = subject == item.properties.end() || subject->second.is_list()
                                  ? ""
                                  : item_name(item.component, to_source(subject->second));
    if (!is_named && written != outline_.subjects.end() && meant != known_as)
      value = text(written->second, 10);
    const std::size_t begin = out_.size();
    line(6, "  " + item.component, value, comment(item.address, schema.subject));
    out_.replace(begin + 6, 1, "-");
    if (is_named)
      out_ += fmt::format("        name: {}\n", yaml_scalar(known_as));
    print_properties(item, 8, schema.subject);
    if (item.timeout)
      out_ += fmt::format("        timeout: {}\n", to_string(*item.timeout));
    if (item.attempts > 1 || item.backoff.count() > 0)
      out_ += fmt::format("        retry: {{times: {}, backoff: {}}}\n", item.attempts,
                          to_string(item.backoff));
    print_needs(item.needs, 8);
  }

  // Without a name an item is known by its component and what it is about, with a blank between.
  static bool is_a_name(const std::string& known_as) {
    return known_as.find_first_not_of(
               "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
               "0123456789-_") == std::string::npos;
  }

  static bool is_unit(const Resource& item, const std::string& known_as) {
    const auto unit = item.properties.find("unit");
    return unit != item.properties.end() && unit->second == Value(known_as);
  }

  void print_tests(const Address& collection, std::size_t indent) {
    const std::string margin(indent, ' ');
    const std::vector<const Test*>& tests = in(tests_, collection);
    if (!tests.empty())
      out_ += margin + "tests:\n";
    for (const Test* test : tests) {
      out_ += fmt::format("{}  {}:\n", margin, last_name(test->address));
      if (indent == 0) {
        std::vector<std::string> nodes;
        for (const Address& node : test->nodes)
          nodes.push_back(last_name(node));
        out_ += nodes.size() == 1 ? fmt::format("    node: {}\n", nodes.front())
                                  : fmt::format("    nodes: [{}]\n", fmt::join(nodes, ", "));
      }
      print_test(*test, indent + 4);
    }
  }

  void print_test(const Test& test, std::size_t indent) {
    const Type text{.kind = Type::Kind::Text};
    const std::string margin(indent, ' ');
    for (const auto& [name, value] : test.command)
      line(indent, name, shown(value, indent + 2, text), {});
    out_ += fmt::format("{}expect:\n{}  exit: {}\n", margin, margin, test.expect.exit);
    if (test.expect.output)
      line(indent + 2, "output", shown(*test.expect.output, indent + 4, text), {});
    if (!test.expect.contains.empty())
      line(indent + 2, "contains", shown(test.expect.contains, indent + 4, text), {});
    if (test.expect.matches)
      line(indent + 2, "matches", shown(*test.expect.matches, indent + 4, text), {});
    out_ += fmt::format("{}timeout: {}\n", margin, to_string(test.timeout));
    if (!test.collect.empty())
      line(indent, "collect", shown(test.collect, indent + 2, text), {});
    print_needs(test.needs, indent);
  }

  void print_outputs() {
    if (site_.outputs.empty())
      return;
    out_ += "outputs:\n";
    for (const Output& output : site_.outputs)
      line(2, output.name, shown(output.value, 4, Type{}),
           origins_ == ShowOrigins::Yes && output.where
               ? fmt::format("{}:{}", output.where.file->name(), output.where.line)
               : "");
  }

  const Site& site_;
  const Outline& outline_;
  const Registry& registry_;
  ShowOrigins origins_;
  Collections<Resource> resources_;
  Collections<Test> tests_;
  std::string out_;
};

}  // namespace

std::string to_description(const Site& site, const Outline& outline, const Registry& registry,
                           ShowOrigins origins) {
  return SitePrinter(site, outline, registry, origins).run();
}

}  // namespace encamp
