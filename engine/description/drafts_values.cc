// Evaluates the properties of resources and the attributes of nodes.
#include <algorithm>

#include <fmt/format.h>

#include "engine/description/drafts.h"
#include "engine/description/expression_parser.h"
#include "engine/description/place_scope.h"
#include "engine/description/typing.h"

namespace encamp {
namespace {

using Evaluation = Draft::Evaluation;

// `subnet: auto` says what leaving it out says.
bool is_auto(const Tree& tree, const Type& type) {
  return type.kind == Type::Kind::Subnet && tree.is_scalar() && tree.text == "auto";
}

// `restarts_with` of a service: it names other items of the node.
bool names_items(const Type& type) {
  return type.kind == Type::Kind::List && !type.item.empty() &&
         type.item.front().kind == Type::Kind::Reference && type.item.front().section == "software";
}

// Whether what a type takes depends on where it stands: names of resources, and templates.
bool is_of_a_place(const Type& type) {
  return !type.section.empty() || type.kind == Type::Kind::Template ||
         std::ranges::any_of(type.item, is_of_a_place) ||
         std::ranges::any_of(type.fields, is_of_a_place, &PropertySchema::type);
}

// Whether a key that means nothing was meant to be this one.
bool is_misspelt(const Draft& draft, const std::string& key) {
  std::vector<std::string> known = {"extends", "software", "resources", "tests",
                                    "needs",   "count",    "when",      "for_each",
                                    "name",    "timeout",  "retry",     "before"};
  for (const PropertySchema& property : draft.schema->properties)
    known.push_back(property.name);
  for (const Declaration& attribute : draft.attributes)
    known.push_back(attribute.schema.name);
  if (draft.subject != nullptr)
    known.push_back(draft.subject->key);
  return has_misspelt(*draft.keys, key, known);
}

// Whether the property is what an item is about. A command is what is run.
bool is_called_so(const Draft& draft, const PropertySchema& schema) {
  return draft.subject != nullptr && schema.name == draft.schema->subject &&
         draft.schema->component != "command";
}

bool is_constant(const PropertySchema& schema, const Tree* written) {
  return !is_of_a_place(schema.type) && (written == nullptr || !has_reference(*written));
}

}  // namespace

Drafts::Deeper::Deeper(Drafts& drafts, const Span& where) : drafts_(drafts) {
  constexpr int kDeepest = 100;
  if (drafts_.depth_ >= kDeepest)
    throw ExpressionError{
        {.code = "too-deep",
         .summary = fmt::format("a value refers to others more than {} deep", kDeepest),
         .where = where}};
  ++drafts_.depth_;
}

const AttributeSchema* Draft::find_attribute(const std::string& name) const {
  const AttributeSchema* attribute = schema->find_attribute(name);
  const bool has = attribute == nullptr || attribute->with.empty() || written(attribute->with);
  return has ? attribute : nullptr;
}

const Tree* Draft::written(const std::string& property) const {
  const Tree::Entry* entry = subject != nullptr && property == schema->subject ? subject
                             : keys != nullptr ? keys->find(property)
                                               : nullptr;
  return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
}

bool Drafts::is_wanted(const Draft& draft, const Tree& keys) {
  const Tree::Entry* when = keys.find("when");
  if (when == nullptr || when->value.is_null())
    return true;
  const PlaceScope scope(*this, draft);
  const Typing typing(scope, loader_, diagnostics_);
  std::optional<Value> value;
  told_parameters([&] { value = typing.read(when->value, Type{.kind = Type::Kind::Boolean}); });
  return !value || value->boolean();
}

const Value* Drafts::property(Draft& draft, const std::string& name, const Span& where) {
  const PropertySchema* schema = draft.schema->find_property(name);
  if (schema == nullptr)
    return nullptr;
  begin(draft);
  const auto index = static_cast<std::size_t>(schema - draft.schema->properties.data());
  if (draft.evaluations[index] == Evaluation::Running)
    report_cycle(fmt::format("{}.{}", draft.resource.address, name), where,
                 draft.resource.place(name));
  evaluate_property(draft, index);
  note_origins(draft, index);
  const auto found = draft.resource.properties.find(name);
  return found == draft.resource.properties.end() ? nullptr : &found->second;
}

const Value* Drafts::attribute(Draft& node, const std::string& name, const Span& where) {
  budget_.spend(node.attributes.size() / 64);
  const auto declaration = std::ranges::find_if(
      node.attributes, [&](const Declaration& d) { return d.schema.name == name; });
  if (declaration == node.attributes.end())
    return nullptr;
  begin(node);
  const auto index = static_cast<std::size_t>(declaration - node.attributes.begin());
  if (node.evaluations[node.schema->properties.size() + index] == Evaluation::Running) {
    const Tree* written = node.written(name);
    report_cycle(fmt::format("{}.{}", node.resource.address, name), where,
                 written != nullptr ? written->where : declaration->where);
  }
  evaluate_attribute(node, index);
  note_origins(node, node.schema->properties.size() + index);
  const auto found = node.attribute_values.find(name);
  return found == node.attribute_values.end() ? nullptr : &found->second;
}

// Who asks for this value asks for its parameters too, whoever was the first to ask.
void Drafts::note_origins(const Draft& draft, std::size_t index) {
  for (const auto& [value, parameters] : draft.asked) {
    if (value == index)
      note_parameters(parameters);
  }
}

void Drafts::complete(Draft& draft) {
  begin(draft);
  for (std::size_t i = 0; i < draft.schema->properties.size(); ++i)
    evaluate_property(draft, i);
  for (std::size_t i = 0; i < draft.attributes.size(); ++i)
    evaluate_attribute(draft, i);
}

// Takes what is constant from the first copy of the resource, or evaluates that of the first.
void Drafts::begin(Draft& draft) {
  const std::vector<PropertySchema>& properties = draft.schema->properties;
  const std::size_t count = properties.size() + draft.attributes.size();
  if (draft.evaluations.size() == count)
    return;
  const auto known = draft.keys == nullptr ? constants_.end() : constants_.find(draft.keys);
  if (known == constants_.end()) {
    draft.evaluations.assign(count, Evaluation::Open);
    const bool faulty = std::exchange(draft.faulty, false);
    for (std::size_t i = 0; i < properties.size(); ++i) {
      if (is_constant(properties[i], draft.written(properties[i].name)))
        evaluate_property(draft, i);
    }
    constants_.emplace(draft.keys, Constants{draft.resource.properties, draft.resource.places,
                                             draft.evaluations, draft.faulty});
    draft.faulty = draft.faulty || faulty;
    return;
  }
  const Constants& constants = known->second;
  draft.resource.properties = constants.properties;
  draft.resource.places = constants.places;
  draft.evaluations = constants.evaluations;
  draft.faulty = draft.faulty || constants.faulty;
  for (std::size_t i = 0; i < properties.size(); ++i) {
    const Tree* written = draft.written(properties[i].name);
    if (outline != nullptr && draft.evaluations[i] == Evaluation::Done && written != nullptr)
      outline_value(draft, properties[i].given_as(), *written, {});
  }
}

void Drafts::report_cycle(const std::string& what, const Span& where, const Span& written) {
  throw ExpressionError{{.code = "reference-cycle",
                         .summary = fmt::format("'{}' refers to itself", what),
                         .where = where,
                         .notes = {{"which is written here", written}}}};
}

// Keeps where the value came from, and through what.
void Drafts::outline_value(const Draft& draft, const std::string& name, const Tree& written,
                           std::vector<std::string> parameters) {
  if (outline == nullptr)
    return;
  Origin origin{.where = written.where, .way = {}, .parameters = std::move(parameters)};
  const Draft* node = find(draft.node);
  if (prototypes != nullptr && node != nullptr && node->extended != nullptr)
    origin.way = prototypes->way(*node->extended, written.where, node->written_as);
  outline->origins[{draft.resource.address, name}] = std::move(origin);
}

void Drafts::evaluate_attribute(Draft& node, std::size_t index) {
  Evaluation& evaluation = node.evaluations[node.schema->properties.size() + index];
  if (evaluation != Evaluation::Open)
    return;
  const Declaration& declaration = node.attributes[index];
  const std::string& name = declaration.schema.name;
  const Deeper deeper(*this, declaration.where);
  evaluation = Evaluation::Running;
  const PlaceScope scope(*this, node);
  const Typing typing(scope, loader_, diagnostics_);
  const Tree* written = node.written(name);
  std::optional<Value> value;
  std::vector<std::string> parameters;
  if (written != nullptr) {
    parameters = told_parameters([&] {
      Typing::Optional read = declaration.schema.required
                                  ? Typing::Optional{typing.read(*written, declaration.schema)}
                                  : typing.read_optional(*written, declaration.schema);
      value = std::move(read.value);
      if (read.is_left_out)
        written = nullptr;
    });
  }
  if (written == nullptr && declaration.fallback != nullptr) {
    written = declaration.fallback;
    parameters = told_parameters([&] { value = typing.read(*written, declaration.schema); });
  }
  if (written != nullptr) {
    if (value)
      node.attribute_values.emplace(name, std::move(*value));
    else
      node.faulty = true;
    if (!parameters.empty())
      node.asked.emplace_back(node.schema->properties.size() + index, parameters);
    outline_value(node, name, *written, std::move(parameters));
  } else if (declaration.schema.required) {
    if (node.is_whole && !is_misspelt(node, name))
      report_missing_attribute(node, declaration);
    node.faulty = true;
  }
  evaluation = Evaluation::Done;
}

// The caret is at the node's `extends`; the notes lead from there to the declaration.
void Drafts::report_missing_attribute(const Draft& node, const Declaration& declaration) {
  const std::string& name = declaration.schema.name;
  std::vector<Diagnostic::Note> way =
      prototypes->way(*node.extended, declaration.where, node.written_as);
  Diagnostic diagnostic{.code = "missing-key",
                        .summary = fmt::format("'{}' has no '{}'", node.written_as, name),
                        .where = node.resource.where};
  if (!way.empty()) {
    diagnostic.where = way.back().where;
    diagnostic.label = "extended here";
    way.pop_back();
  }
  if (!declaration.schema.about.empty())
    diagnostic.hint = fmt::format("'{}' is: {}", name, declaration.schema.about);
  diagnostic.notes = {{fmt::format("required by prototype '{}'", prototypes->at(declaration.where)),
                       declaration.where}};
  diagnostic.notes.insert(diagnostic.notes.end(), way.begin(), way.end());
  diagnostics_.add(std::move(diagnostic));
}

void Drafts::evaluate_property(Draft& draft, std::size_t index) {
  if (draft.evaluations[index] != Evaluation::Open)
    return;
  const PropertySchema& schema = draft.schema->properties[index];
  const Deeper deeper(*this, draft.resource.where);
  budget_.spend(2);
  draft.evaluations[index] = Evaluation::Running;
  const Tree* written = draft.written(schema.name);
  std::vector<std::string> parameters;
  if (written != nullptr)
    add_places(draft, schema.name, *written);
  if (draft.is_node() && schema.name == "networks") {
    parameters = told_parameters([&] { evaluate_networks(draft); });
  } else if (draft.is_node() && schema.name == "image" && written == nullptr) {
    evaluate_image(draft, schema);
  } else if (written != nullptr && names_items(schema.type)) {
    parameters = told_parameters([&] { evaluate_items(draft, schema, *written); });
  } else if (written != nullptr && !is_auto(*written, schema.type)) {
    const PlaceScope scope(*this, draft);
    const Typing typing(scope, loader_, diagnostics_);
    std::optional<Value> value;
    parameters = told_parameters([&] { value = typing.read(*written, schema); });
    if (value && !value->is_known() && is_called_so(draft, schema)) {
      value.reset();
      diagnostics_.add({.code = "not-known-yet",
                        .summary = "what an item is about must be known when the file is read",
                        .where = written->where,
                        .hint = "addresses and outputs may stand in what is written or run"});
    }
    if (value && find_secret(*value) != nullptr && is_called_so(draft, schema)) {
      value.reset();
      diagnostics_.add({.code = "secret-output",
                        .summary = "what an item is about is shown, and this is secret",
                        .where = written->where,
                        .hint = "secrets stand in what is written or run"});
    }
    if (value)
      give(draft, schema, std::move(*value));
    else
      draft.faulty = true;
  } else if (schema.fallback) {
    draft.resource.properties.emplace(schema.name, *schema.fallback);
  } else if (schema.required && draft.keys != nullptr) {  // else it is no mapping, and reported
    if (draft.is_whole && !is_misspelt(draft, schema.name))
      report_missing(schema.name, fmt::format("'{}'", draft.written_as), draft.resource.where,
                     diagnostics_);
    draft.faulty = true;
  }
  if (!parameters.empty())
    draft.asked.emplace_back(index, parameters);
  if (written != nullptr)
    outline_value(draft, schema.given_as(), *written, std::move(parameters));
  draft.evaluations[index] = Evaluation::Done;
}

// Of a node's networks, disks and mounts each has its place, or what is said of it.
void Drafts::add_places(Draft& draft, const std::string& name, const Tree& written) {
  draft.resource.places[name] = written.where;
  if (!draft.is_node())
    return;
  for (const Tree::Entry& entry : written.entries) {
    const std::string of_entry = name + "." + entry.key;
    if (entry.value.is_scalar())
      draft.resource.places[of_entry] = entry.where;
    for (const Tree::Entry& part : entry.value.entries)
      draft.resource.places[of_entry + "." + part.key] = part.value.where;
  }
}

// A file's `template` becomes its `content`.
void Drafts::give(Draft& draft, const PropertySchema& schema, Value value) {
  const std::string& name = schema.given_as();
  if (draft.resource.properties.emplace(name, std::move(value))) {
    draft.resource.places[name] = draft.written(schema.name)->where;
    return;
  }
  draft.faulty = true;
  const auto other = std::ranges::find_if(draft.schema->properties, [&](const PropertySchema& o) {
    return o.name != schema.name && (o.name == name || o.gives == name) &&
           draft.written(o.name) != nullptr;
  });
  diagnostics_.add(
      {.code = "two-keys",
       .summary = fmt::format("{} has '{}' or '{}', not both",
                              with_article(draft.resource.component), other->name, schema.name),
       .where = draft.keys->find(schema.name)->where,
       .notes = {{"the other", draft.keys->find(other->name)->where}}});
}

}  // namespace encamp
