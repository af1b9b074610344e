#include "engine/description/value.h"

#include <algorithm>
#include <cassert>
#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "engine/description/base64.h"
#include "engine/description/expression.h"
#include "engine/description/utf8.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  if (value.is_null())
    return nullptr;
  if (value.is<bool>())
    return value.boolean();
  if (value.is<std::int64_t>())
    return value.integer();
  if (value.is<double>())
    return value.number();
  if (value.is_text() && !is_utf8(value.text()))
    return {{"$base64", to_base64(value.text())}};
  if (value.is_text())
    return value.text();
  if (value.is<Bytes>())
    return {{"$size", to_string(value.bytes())}};
  if (value.is<Duration>())
    return {{"$time", to_string(value.duration())}};
  if (value.is_reference())
    return {{"$reference", value.reference()}};
  if (value.is_pending())
    return {{"$pending", to_source(value)}};
  if (value.is_secret()) {
    const Secret& secret = value.secret();
    return {{"$secret", secret.digest() + (secret.name().empty() ? "" : " " + secret.name())}};
  }
  if (value.is_list()) {
    Json list = Json::array();
    for (const Value& item : value.list())
      list.push_back(json_of(item));
    return list;
  }
  Json mapping = Json::object();
  for (const Value::Entry& entry : value.mapping())
    mapping[entry.key] = json_of(entry.value);
  return mapping;
}

Value value_of(const Json& json) {
  if (json.is_null())
    return {};
  if (json.is_boolean())
    return json.get<bool>();
  if (json.is_number_integer())
    return json.get<std::int64_t>();
  if (json.is_number())
    return json.get<double>();
  if (json.is_string())
    return json.get<std::string>();
  if (json.is_array()) {
    Value::List list;
    for (const Json& item : json)
      list.push_back(value_of(item));
    return list;
  }
  if (json.size() == 1 && json.begin().key().starts_with('$') && json.begin()->is_string()) {
    const std::string text = json.begin()->get<std::string>();
    if (json.contains("$reference"))
      return Reference{text};
    if (json.contains("$secret")) {
      const std::size_t blank = std::min(text.find(' '), text.size());
      return Secret::closed(text.substr(0, blank), text.substr(std::min(blank + 1, text.size())));
    }
    if (const auto content = from_base64(text); content && json.contains("$base64"))
      return *content;
    if (const auto bytes = parse_bytes(text); bytes && json.contains("$size"))
      return *bytes;
    if (const auto duration = parse_duration(text); duration && json.contains("$time"))
      return *duration;
    throw std::invalid_argument("a recorded value cannot be read: " + json.dump());
  }
  Value::Mapping mapping;
  for (const auto& [key, item] : json.items())
    mapping.push_back({key, value_of(item)});
  return mapping;
}

// Only keys could still be no UTF-8.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json parse_json(std::string_view text) {
  try {
    return Json::parse(text);
  } catch (const Json::exception& error) {
    throw std::invalid_argument(error.what());
  }
}

std::string display(const Value& value) {
  if (value.is_pending())
    return "(known later)";
  if (value.is_secret())
    return "(secret)";
  if (value.is<Bytes>())
    return to_string(value.bytes());
  if (value.is<Duration>())
    return to_string(value.duration());
  if (value.is_reference())
    return value.reference();
  if (value.is_list()) {
    std::string text;
    for (const Value& item : value.list())
      text += (text.empty() ? "" : ", ") + display(item);
    return "[" + text + "]";
  }
  if (value.is_mapping()) {
    std::string text;
    for (const Value::Entry& entry : value.mapping())
      text += (text.empty() ? "" : ", ") + entry.key + ": " + display(entry.value);
    return "{" + text + "}";
  }
  return dump(json_of(value));
}

}  // namespace

Value::Value(Mapping value) : data_(std::make_shared<const Mapping>(std::move(value))) {}

template <typename T>
const T& Value::get() const {
  const T* value = std::get_if<T>(&data_);
  assert(value != nullptr);
  return *value;
}
template const bool& Value::get<bool>() const;
template const std::int64_t& Value::get<std::int64_t>() const;
template const std::string& Value::get<std::string>() const;
template const Bytes& Value::get<Bytes>() const;
template const Duration& Value::get<Duration>() const;
template const Reference& Value::get<Reference>() const;
template const Value::ListPointer& Value::get<Value::ListPointer>() const;
template const Value::MappingPointer& Value::get<Value::MappingPointer>() const;
template const Value::Pending& Value::get<Value::Pending>() const;
template const Value::SecretPointer& Value::get<Value::SecretPointer>() const;

const std::string& Value::text() const {
  return is_secret() ? secret().text() : get<std::string>();
}

double Value::number() const {
  if (const auto* integer = std::get_if<std::int64_t>(&data_))
    return static_cast<double>(*integer);
  return get<double>();
}

const Value* Value::find(std::string_view key) const {
  if (!is_mapping())
    return nullptr;
  const auto found = std::ranges::find(mapping(), key, &Entry::key);
  return found == mapping().end() ? nullptr : &found->value;
}

bool Value::is_known() const {
  if (is_list())
    return std::ranges::all_of(list(), &Value::is_known);
  if (is_mapping())
    return std::ranges::all_of(mapping(), &Value::is_known, &Entry::value);
  return !is_pending();
}

bool Value::operator==(const Value& other) const {
  if (data_.index() != other.data_.index())
    return false;
  if (is_list())
    return list() == other.list();
  if (is_mapping())
    return mapping() == other.mapping();
  if (is_pending())
    return to_source(*this) == to_source(other);
  if (is_secret())
    return secret() == other.secret();
  return data_ == other.data_;
}

std::string Value::kind_name() const {
  static constexpr const char* kNames[] = {"null",
                                           "true or false",
                                           "a whole number",
                                           "a number",
                                           "text",
                                           "a size",
                                           "a time",
                                           "a resource",
                                           "a list",
                                           "a mapping",
                                           "a value known later",
                                           "a secret"};
  return kNames[data_.index()];
}

Value with_secrets(const Value& value, const std::function<Value(const Secret&)>& replace) {
  if (value.is_secret())
    return replace(value.secret());
  if (find_secret(value) == nullptr)
    return value;
  if (value.is_list()) {
    Value::List items;
    for (const Value& item : value.list())
      items.push_back(with_secrets(item, replace));
    return items;
  }
  Value::Mapping entries;
  for (const Value::Entry& entry : value.mapping())
    entries.push_back({entry.key, with_secrets(entry.value, replace)});
  return entries;
}

const Secret* find_secret(const Value& value) {
  if (value.is_secret())
    return &value.secret();
  const Secret* found = nullptr;
  if (value.is_list()) {
    for (const Value& item : value.list())
      found = found == nullptr ? find_secret(item) : found;
  } else if (value.is_mapping()) {
    for (const Value::Entry& entry : value.mapping())
      found = found == nullptr ? find_secret(entry.value) : found;
  }
  return found;
}

std::string digest_of(const Value& text) {
  return text.is_secret() ? text.secret().digest() : sha256(text.text());
}

std::string text_of(const Properties& properties, const std::string& name) {
  const auto found = properties.find(name);
  if (found == properties.end())
    return {};
  const Value& value = found->second;
  return value.is_text() || (value.is_secret() && value.secret().is_open()) ? value.text() : "";
}

std::vector<std::string> texts_of(const Properties& properties, const std::string& name) {
  std::vector<std::string> texts;
  const auto found = properties.find(name);
  if (found != properties.end() && found->second.is_list()) {
    for (const Value& item : found->second.list())
      texts.push_back(item.text());
  }
  return texts;
}

std::string to_json(const Value& value) {
  return dump(json_of(value));
}

std::string to_json(const std::map<std::string, Value>& values) {
  Json json = Json::object();
  for (const auto& [key, value] : values)
    json[key] = json_of(value);
  return dump(json);
}

Value from_json(std::string_view json) {
  return value_of(parse_json(json));
}

std::map<std::string, Value> map_from_json(std::string_view json) {
  std::map<std::string, Value> values;
  const Json parsed = parse_json(json);
  for (const auto& [key, item] : parsed.items())
    values.emplace(key, value_of(item));
  return values;
}

std::string to_display(const Value& value, std::size_t limit) {
  std::string text = display(value);
  if (text.size() <= limit)
    return text;
  std::size_t cut = limit - 3;
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U)  // inside a character
    --cut;
  return text.substr(0, cut) + "...";
}

}  // namespace encamp
