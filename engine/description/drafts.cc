#include "engine/description/drafts.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace encamp {
namespace {

bool is_node(const Draft& draft) {
  return draft.schema->section == "nodes";
}

// `subnet: auto` says what leaving it out says.
bool is_auto(const Tree& tree, const Type& type) {
  return type.kind == Type::Kind::Subnet && tree.is_scalar() && tree.text == "auto";
}

// `restarts_with` of a service: it names other items of the node.
bool names_items(const Type& type) {
  return type.kind == Type::Kind::List && !type.item.empty() &&
         type.item.front().kind == Type::Kind::Reference && type.item.front().section == "software";
}

}  // namespace

// Values may refer to values that refer to values, and each takes some of the stack.
class Drafts::Deeper {
 public:
  Deeper(Drafts& drafts, const Span& where) : drafts_(drafts) {
    if (drafts_.depth_ >= kDeepest)
      throw ExpressionError{
          {.code = "too-deep",
           .summary = fmt::format("a value refers to others more than {} deep", kDeepest),
           .where = where}};
    ++drafts_.depth_;
  }
  ~Deeper() { --drafts_.depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  static constexpr int kDeepest = 100;
  Drafts& drafts_;
};

const Tree* Draft::written(const std::string& property) const {
  const Tree::Entry* entry = subject != nullptr && property == schema->subject ? subject
                             : keys != nullptr ? keys->find(property)
                                               : nullptr;
  return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
}

Draft& Drafts::add(Draft draft) {
  all_.push_back(std::make_unique<Draft>(std::move(draft)));
  Draft& added = *all_.back();
  if (added.written_as.empty())
    added.written_as = added.resource.address;
  [[maybe_unused]] const bool is_new = by_address_.emplace(added.resource.address, &added).second;
  assert(is_new);
  return added;
}

void Drafts::rename(Draft& item, const std::string& name) {
  const Address old = item.resource.address;
  const Address collection = item.node + ".software";
  const Address address = child_address(collection, name);
  if (!by_address_.emplace(address, &item).second)
    return;
  by_address_.erase(old);
  item.resource.address = address;
  const auto rename_in = [&](Collection& names) {
    const auto entry = std::ranges::find(names.names, old, &Names::value_type::second);
    if (entry == names.names.end())
      return;
    names.by_name[entry->first] = address;  // As it is written it is known too.
    names.by_name.emplace(name, address);
    *entry = {name, address};
    for (auto& [key, copy] : names.by_key)
      copy = copy == old ? address : copy;
  };
  rename_in(collections_[collection]);
  if (item.copy.is_copy())
    rename_in(collections_[item.written_as]);
}

void Drafts::add_test(const Address& collection, const std::string& name) {
  const Address address = child_address(collection, name);
  add_name(collection, name, address);
  tests_.insert(address);
}

bool Drafts::is_wanted(const Draft& draft, const Tree& keys) {
  const Tree::Entry* when = keys.find("when");
  if (when == nullptr || when->value.is_null())
    return true;
  const PlaceScope scope(*this, draft);
  const Typing typing(scope, loader_, diagnostics_);
  return typing.read(when->value, Type{.kind = Type::Kind::Boolean}).value_or(true).boolean();
}

void Drafts::add_name(const Address& collection, const std::string& name, const Address& address,
                      const std::string& key) {
  Collection& into = collections_[collection];
  into.names.emplace_back(name, address);
  into.by_name.emplace(name, address);
  if (!key.empty())
    into.by_key.emplace(key, address);
}

Draft* Drafts::find(const Address& address) {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

const Drafts::Names& Drafts::in(const Address& collection) const {
  static const Names kNone;
  const auto found = collections_.find(collection);
  return found == collections_.end() ? kNone : found->second.names;
}

const Address* Drafts::named(const Address& collection, const std::string& name) const {
  const auto found = collections_.find(collection);
  if (found == collections_.end())
    return nullptr;
  const auto entry = found->second.by_name.find(name);
  return entry == found->second.by_name.end() ? nullptr : &entry->second;
}

const Address* Drafts::keyed(const Address& collection, const std::string& key) const {
  const auto found = collections_.find(collection);
  if (found == collections_.end())
    return nullptr;
  const auto entry = found->second.by_key.find(key);
  return entry == found->second.by_key.end() ? nullptr : &entry->second;
}

const Value* Drafts::property(Draft& draft, const std::string& name, const Span& where) {
  const PropertySchema* schema = draft.schema->find_property(name);
  if (schema == nullptr)
    return nullptr;
  if (draft.evaluating.contains(name))
    report_cycle(fmt::format("{}.{}", draft.resource.address, name), where,
                 draft.resource.place(name));
  evaluate_property(draft, *schema);
  const auto found = draft.resource.properties.find(name);
  return found == draft.resource.properties.end() ? nullptr : &found->second;
}

const Value* Drafts::attribute(Draft& node, const std::string& name, const Span& where) {
  const auto declaration = std::ranges::find_if(
      node.attributes, [&](const Declaration& d) { return d.schema.name == name; });
  if (declaration == node.attributes.end())
    return nullptr;
  if (node.evaluating.contains(name)) {
    const Tree* written = node.written(name);
    report_cycle(fmt::format("{}.{}", node.resource.address, name), where,
                 written != nullptr ? written->where : declaration->where);
  }
  evaluate_attribute(node, *declaration);
  const auto found = node.attribute_values.find(name);
  return found == node.attribute_values.end() ? nullptr : &found->second;
}

void Drafts::complete(Draft& draft) {
  for (const PropertySchema& schema : draft.schema->properties)
    evaluate_property(draft, schema);
  for (const Declaration& declaration : draft.attributes)
    evaluate_attribute(draft, declaration);
}

void Drafts::report_cycle(const std::string& what, const Span& where, const Span& written) {
  throw ExpressionError{{.code = "reference-cycle",
                         .summary = fmt::format("'{}' refers to itself", what),
                         .where = where,
                         .notes = {{"which is written here", written}}}};
}

void Drafts::add_parameter(Declaration declaration, const Tree* set) {
  const std::string name = declaration.schema.name;
  parameters_.emplace(name,
                      Parameter{.declaration = std::move(declaration), .set = set, .value = {}});
}

void Drafts::add_wrong_parameter(Declaration declaration) {
  const std::string name = declaration.schema.name;
  parameters_.emplace(name, Parameter{.declaration = std::move(declaration),
                                      .value = {},
                                      .state = Parameter::State::Done});
}

std::vector<std::string> Drafts::parameter_names() const {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : parameters_)
    names.push_back(name);
  return names;
}

std::optional<Value> Drafts::parameter(const std::string& name, const Span& where) {
  const auto found = parameters_.find(name);
  if (found == parameters_.end())
    return std::nullopt;
  Parameter& parameter = found->second;
  if (parameter.state == Parameter::State::Evaluating)
    report_cycle("parameters." + name, where, parameter.declaration.where);
  evaluate_parameter(parameter);
  if (!parameter.value)
    throw ExpressionError{};
  return parameter.value;
}

void Drafts::note_parameter(const std::string& name) {
  if (std::ranges::find(asked_, name) == asked_.end())
    asked_.push_back(name);
}

// To what is wrong with the value itself, not with how it is asked for.
void Drafts::add_parameters(std::size_t first) {
  static const std::set<std::string> kOfValues = {
      "wrong-type", "out-of-range",  "not-one-of",      "no-match",        "missing-unit",
      "bad-name",   "bad-operand",   "unreadable-file", "unknown-node",    "unknown-network",
      "bad-path",   "unknown-image", "duplicate-name",  "unknown-resource"};
  for (Diagnostic& diagnostic : diagnostics_.from(first)) {
    if (!kOfValues.contains(diagnostic.code))
      continue;
    for (const std::string& name : asked_) {
      const Parameter& parameter = parameters_.at(name);
      const Tree* value = parameter.set != nullptr ? parameter.set : parameter.declaration.fallback;
      const std::string text = fmt::format("the value of parameter '{}'", name);
      const bool is_told = std::ranges::find(diagnostic.notes, text, &Diagnostic::Note::text) !=
                           diagnostic.notes.end();
      if (value != nullptr && !is_told && !parameter.declaration.secret)
        diagnostic.notes.push_back({text, value->where});
    }
  }
}

Origin Drafts::origin_of(const Draft& draft, const Tree& written) const {
  Origin origin{.where = written.where, .way = {}, .parameters = asked_};
  const auto node = by_address_.find(draft.node);
  if (prototypes != nullptr && node != by_address_.end() && node->second->extended != nullptr)
    origin.way = prototypes->way(*node->second->extended, written.where, node->second->written_as);
  return origin;
}

void Drafts::evaluate_parameter(Parameter& parameter) {
  if (parameter.state == Parameter::State::Done)
    return;
  const Declaration& declaration = parameter.declaration;
  const Deeper deeper(*this, declaration.where);
  parameter.state = Parameter::State::Evaluating;
  const PlaceScope scope(*this, Address());
  Diagnostics found;
  const Typing typing(scope, loader_, found);
  if (parameter.set != nullptr)
    parameter.value = typing.read(*parameter.set, declaration.schema);
  else if (declaration.fallback != nullptr)
    parameter.value = typing.read(*declaration.fallback, declaration.schema);
  else
    found.add({.code = "missing-parameter",
               .summary = fmt::format("the parameter '{}' has no value", declaration.schema.name),
               .where = declaration.where,
               .hint = fmt::format("give it one: '--set {}=...'", declaration.schema.name)});
  if (declaration.secret && parameter.value && parameter.value->is_text())
    parameter.value = Secret(parameter.value->text(), nullptr);
  if (declaration.secret && parameter.set != nullptr && !found.all().empty()) {
    diagnostics_.add({.code = found.all().front().code,  // Its text would quote the secret.
                      .summary = fmt::format("the value of the secret parameter '{}' is not as "
                                             "declared",
                                             declaration.schema.name),
                      .where = declaration.where});
    found = Diagnostics();
  }
  for (Diagnostic diagnostic : found.all()) {
    if (parameter.set != nullptr)
      diagnostic.notes.push_back({"declared here", declaration.where});
    diagnostics_.add(std::move(diagnostic));
  }
  parameter.state = Parameter::State::Done;
}

void Drafts::evaluate_attribute(Draft& node, const Declaration& declaration) {
  const std::string& name = declaration.schema.name;
  if (node.evaluated.contains(name) || node.evaluating.contains(name))
    return;
  const Deeper deeper(*this, declaration.where);
  node.evaluating.insert(name);
  const Tree* written = node.written(name);
  if (written == nullptr)
    written = declaration.fallback;
  if (written != nullptr) {
    const PlaceScope scope(*this, node);
    const Typing typing(scope, loader_, diagnostics_);
    std::optional<Value> value;
    told_parameters([&] { value = typing.read(*written, declaration.schema); });
    if (value)
      node.attribute_values.emplace(name, std::move(*value));
    else
      node.faulty = true;
    if (outline != nullptr)
      node.attribute_origins[name] = origin_of(node, *written);
  } else if (declaration.schema.required) {
    if (node.is_whole)
      report_missing_attribute(node, declaration);
    node.faulty = true;
  }
  node.evaluating.erase(name);
  node.evaluated.insert(name);
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

void Drafts::evaluate_property(Draft& draft, const PropertySchema& schema) {
  if (draft.evaluated.contains(schema.name) || draft.evaluating.contains(schema.name))
    return;
  const Deeper deeper(*this, draft.resource.where);
  budget_.spend(2);
  draft.evaluating.insert(schema.name);
  const Tree* written = draft.written(schema.name);
  Properties& properties = draft.resource.properties;
  if (written != nullptr)
    draft.resource.places[schema.name] = written->where;
  if (is_node(draft) && schema.name == "networks") {
    evaluate_networks(draft);
  } else if (is_node(draft) && schema.name == "image" && written == nullptr) {
    evaluate_image(draft, schema);
  } else if (written != nullptr && names_items(schema.type)) {
    evaluate_items(draft, schema, *written);
  } else if (written != nullptr && !is_auto(*written, schema.type)) {
    const PlaceScope scope(*this, draft);
    const Typing typing(scope, loader_, diagnostics_);
    std::optional<Value> value;
    told_parameters([&] { value = typing.read(*written, schema); });
    if (value)
      give(draft, schema, std::move(*value));
    else
      draft.faulty = true;
  } else if (schema.fallback) {
    properties.emplace(schema.name, *schema.fallback);
  } else if (schema.required && draft.keys != nullptr) {  // else it is no mapping, and reported
    if (draft.is_whole)
      report_missing(schema.name, fmt::format("'{}'", draft.written_as), draft.resource.where,
                     diagnostics_);
    draft.faulty = true;
  }
  if (outline != nullptr && written != nullptr)
    outline->origins[{draft.resource.address, schema.gives.empty() ? schema.name : schema.gives}] =
        origin_of(draft, *written);
  draft.evaluating.erase(schema.name);
  draft.evaluated.insert(schema.name);
}

// A file's `template` becomes its `content`.
void Drafts::give(Draft& draft, const PropertySchema& schema, Value value) {
  const std::string& name = schema.gives.empty() ? schema.name : schema.gives;
  if (draft.resource.properties.emplace(name, std::move(value)).second) {
    draft.resource.places[name] = draft.written(schema.name)->where;
    return;
  }
  draft.faulty = true;
  const auto other = std::ranges::find_if(draft.schema->properties, [&](const PropertySchema& o) {
    return o.name != schema.name && (o.name == name || o.gives == name) &&
           draft.written(o.name) != nullptr;
  });
  diagnostics_.add({.code = "two-keys",
                    .summary = fmt::format("a {} has '{}' or '{}', not both",
                                           draft.resource.component, other->name, schema.name),
                    .where = draft.keys->find(schema.name)->where,
                    .notes = {{"the other", draft.keys->find(other->name)->where}}});
}

// A list of names, or a mapping of names to `{address: ...}`; the site's only network when nothing
// is written. In the properties it is always the mapping.
void Drafts::evaluate_networks(Draft& node) {
  const Type network{.kind = Type::Kind::Reference, .section = "networks"};
  const Type details{.kind = Type::Kind::Mapping,
                     .fields = {{.name = "address", .type = {.kind = Type::Kind::Ip}}}};
  const PlaceScope scope(*this, node);
  const Typing typing(scope, loader_, diagnostics_);
  const Tree* written = node.written("networks");
  Value::Mapping networks;
  const auto add = [&](const std::string& name, Value value, const Span& where) {
    if (std::ranges::find(networks, name, &Value::Entry::key) == networks.end()) {
      networks.push_back({name, std::move(value)});
      return;
    }
    node.faulty = true;
    diagnostics_.add({.code = "duplicate-name",
                      .summary = fmt::format("the network '{}' stands here a second time", name),
                      .where = where});
  };
  if (written == nullptr) {
    const Names& all = in("networks");
    if (all.size() == 1) {
      networks.push_back({all.front().first, Value::Mapping{}});
    } else {
      node.faulty = true;
      report_missing("networks", fmt::format("'{}'", node.written_as), node.resource.where,
                     diagnostics_,
                     all.empty() ? "give the site a network: 'networks: {lan: {}}'"
                                 : "with several networks in the site, each node says its own");
    }
  } else if (written->is_mapping()) {
    for (const Tree::Entry& entry : written->entries) {
      if (entry.key.starts_with("x-"))
        continue;
      Tree name{.kind = Tree::Kind::Scalar, .text = entry.key, .where = entry.where};
      const bool known = typing.read(name, network).has_value();
      const std::optional<Value> value = typing.read(entry.value, details);
      if (known && value)
        add(entry.key, *value, entry.where);
      else
        node.faulty = true;
    }
  } else {
    const Type names{.kind = Type::Kind::List, .item = {network}, .or_one = true};
    const std::optional<Value> list = typing.read(*written, names);
    if (list) {
      for (const Value& item : list->list())
        add(last_name(item.reference()), Value::Mapping{}, written->where);
    } else {
      node.faulty = true;
    }
  }
  node.resource.properties.emplace("networks", std::move(networks));
}

void Drafts::evaluate_image(Draft& node, const PropertySchema& schema) {
  const Names& images = in("images");
  if (images.size() == 1) {
    node.resource.properties.emplace("image", Reference{images.front().second});
    return;
  }
  node.faulty = true;
  report_missing(schema.name, fmt::format("'{}'", node.written_as), node.resource.where,
                 diagnostics_,
                 images.empty() ? "give the site an image: 'images: {debian: {debian: bookworm}}'"
                                : "with several images in the site, each node says its own");
}

}  // namespace encamp
