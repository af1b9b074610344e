// Parameters: what they are given, and which values come from them.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "engine/description/drafts.h"
#include "engine/description/place_scope.h"
#include "engine/description/typing.h"

namespace encamp {

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
  note_parameters({name});
  note_parameters(parameter.asked);
  return parameter.value;
}

void Drafts::note_parameters(const std::vector<std::string>& names) {
  if (telling_ == 0)  // No value is at hand that they could be origins of.
    return;
  for (const std::string& name : names) {
    if (std::ranges::find(asked_, name) == asked_.end())
      asked_.push_back(name);
  }
}

// To what is wrong with the value itself, not with how it is asked for.
void Drafts::add_parameters() {
  const std::size_t first = std::exchange(told_, diagnostics_.all().size());
  if (asked_.empty())
    return;
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

void Drafts::evaluate_parameter(Parameter& parameter) {
  if (parameter.state == Parameter::State::Done)
    return;
  const Declaration& declaration = parameter.declaration;
  const Deeper deeper(*this, declaration.where);
  parameter.state = Parameter::State::Evaluating;
  const PlaceScope scope(*this, Address());
  Diagnostics found;
  const Typing typing(scope, loader_, found);
  const Tree* written = parameter.set != nullptr ? parameter.set : declaration.fallback;
  if (written != nullptr)
    parameter.asked =
        told_parameters([&] { parameter.value = typing.read(*written, declaration.schema); });
  else
    found.add({.code = "missing-parameter",
               .summary = fmt::format("the parameter '{}' has no value", declaration.schema.name),
               .where = declaration.where,
               .hint = declaration.secret
                           ? how_to_give_secret(declaration.schema.name)
                           : fmt::format("give it one: '--set {}=...'", declaration.schema.name)});
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

void Drafts::outline_parameters() {
  for (const auto& [name, parameter] : parameters_) {
    if (!parameter.value)
      continue;
    const Tree* from = parameter.set != nullptr ? parameter.set : parameter.declaration.fallback;
    outline->parameters.push_back({.name = name,
                                   .type = parameter.declaration.type,
                                   .value = *parameter.value,
                                   .origin = {.where = from == nullptr ? Span() : from->where,
                                              .way = {},
                                              .parameters = parameter.asked}});
  }
}

}  // namespace encamp
