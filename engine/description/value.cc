#include "engine/description/value.h"

#include <algorithm>
#include <cassert>

#include "engine/description/expression.h"
#include "engine/world/digest.h"

namespace encamp {
namespace {

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
  return to_json(value);
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
template const Value::TextPointer& Value::get<Value::TextPointer>() const;
template const Bytes& Value::get<Bytes>() const;
template const Duration& Value::get<Duration>() const;
template const Value::ReferencePointer& Value::get<Value::ReferencePointer>() const;
template const Value::ListPointer& Value::get<Value::ListPointer>() const;
template const Value::MappingPointer& Value::get<Value::MappingPointer>() const;
template const Value::Pending& Value::get<Value::Pending>() const;
template const Value::SecretPointer& Value::get<Value::SecretPointer>() const;

const std::string& Value::text() const {
  return is_secret() ? secret().text() : *get<TextPointer>();
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
  if (data_ == other.data_)  // Shared, most often.
    return true;
  if (is_text())
    return text() == other.text();
  if (is_reference())
    return reference() == other.reference();
  if (is_list())
    return list() == other.list();
  if (is_mapping())
    return mapping() == other.mapping();
  if (is_pending())
    return to_source(*this) == to_source(other);
  if (is_secret())
    return secret() == other.secret();
  return false;
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
