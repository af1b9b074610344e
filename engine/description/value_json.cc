// Values as JSON, written and read.
#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "engine/description/base64.h"
#include "engine/description/expression.h"
#include "engine/description/utf8.h"
#include "engine/description/value.h"

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

// Only keys could still be no UTF-8.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Whether it stands for a kind of value.
bool is_marked(const Value::Mapping& entries) {
  return entries.size() == 1 && entries.front().key.starts_with('$') &&
         entries.front().value.is_text();
}

/// What `{"$size": "1 GiB"}` stands for.
Value marked(const std::string& kind, const std::string& text) {
  if (kind == "$reference")
    return Reference{text};
  if (kind == "$secret") {
    const std::size_t blank = std::min(text.find(' '), text.size());
    return Secret::closed(text.substr(0, blank), text.substr(std::min(blank + 1, text.size())));
  }
  if (const auto content = from_base64(text); content && kind == "$base64")
    return *content;
  if (const auto bytes = parse_bytes(text); bytes && kind == "$size")
    return *bytes;
  if (const auto duration = parse_duration(text); duration && kind == "$time")
    return *duration;
  throw std::invalid_argument("a recorded value cannot be read: " + kind + " " + text);
}

/// Makes a value of what the parser meets, without a tree of JSON in between: journals are large.
class ValueReader : public nlohmann::json_sax<Json> {
 public:
  enum class Top { Value, Names };  ///< Names: an object whose keys never stand for a kind.
  explicit ValueReader(Top top) : top_(top) {}

  Value take() { return std::move(whole_); }

  bool null() override { return put({}); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(std::int64_t{value}); }
  bool number_unsigned(number_unsigned_t value) override {
    return put(static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& text) override { return put(std::move(text)); }
  bool binary(binary_t&) override { return false; }

  bool start_object(std::size_t) override {
    open_.push_back({.is_list = false});
    return true;
  }
  bool key(string_t& key) override {
    open_.back().key = std::move(key);
    return true;
  }
  bool end_object() override {
    Value::Mapping entries = std::move(open_.back().entries);
    open_.pop_back();
    if (is_marked(entries) && (top_ == Top::Value || !open_.empty()))
      return put(marked(entries.front().key, entries.front().value.text()));
    return put(std::move(entries));
  }
  bool start_array(std::size_t) override {
    open_.push_back({.is_list = true});
    return true;
  }
  bool end_array() override {
    Value::List items = std::move(open_.back().items);
    open_.pop_back();
    return put(std::move(items));
  }

  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::detail::exception& error) override {
    throw std::invalid_argument(error.what());
  }

 private:
  /// A list or a mapping whose end is not met yet.
  struct Open {
    bool is_list;
    std::string key = {};  ///< Of a mapping, that of its next value.
    Value::List items = {};
    Value::Mapping entries = {};
  };

  bool put(Value value) {
    if (open_.empty())
      whole_ = std::move(value);
    else if (open_.back().is_list)
      open_.back().items.push_back(std::move(value));
    else
      open_.back().entries.push_back({std::move(open_.back().key), std::move(value)});
    return true;
  }

  Top top_;
  std::vector<Open> open_;
  Value whole_;
};

/// Reads what nearly all rows are, JSON as it is written here of ASCII text without rare escapes,
/// of true, false, null and small integers: four times as fast as the parser. Nothing: leave it to
/// the parser.
class PlainObject {
 public:
  explicit PlainObject(std::string_view json) : at_(json.data()), end_(at_ + json.size()) {}

  std::optional<Properties> read() {
    Properties values;
    if (!take("{"))
      return std::nullopt;
    do {
      std::optional<std::string> key = text();
      if (!key || !take(":"))
        return std::nullopt;
      std::optional<Value> found = value(0);
      if (!found)
        return std::nullopt;
      values.emplace(*key, *std::move(found));
    } while (take(","));
    return take("}") && at_ == end_ ? std::optional(std::move(values)) : std::nullopt;
  }

 private:
  static constexpr int kDeepest = 16;

  bool take(std::string_view word) {
    if (!std::string_view(at_, end_).starts_with(word))
      return false;
    at_ += word.size();
    return true;
  }

  std::optional<Value> value(int depth) {
    if (std::optional<std::string> found = text())
      return Value(*std::move(found));
    if (depth < kDeepest && take("["))
      return list(depth);
    if (depth < kDeepest && take("{"))
      return mapping(depth);
    if (take("null"))
      return Value();
    if (take("true"))
      return Value(true);
    if (take("false"))
      return Value(false);
    return integer();
  }

  std::optional<Value> integer() {
    std::int64_t number = 0;
    const auto [after, error] = std::from_chars(at_, end_, number);
    if (error != std::errc() || after == end_ || (*after != ',' && *after != ']' && *after != '}'))
      return std::nullopt;
    at_ = after;
    return Value(number);
  }

  std::optional<Value> list(int depth) {
    Value::List items;
    if (take("]"))
      return Value(std::move(items));
    do {
      std::optional<Value> item = value(depth + 1);
      if (!item)
        return std::nullopt;
      items.push_back(*std::move(item));
    } while (take(","));
    return take("]") ? std::optional<Value>(std::move(items)) : std::nullopt;
  }

  std::optional<Value> mapping(int depth) {
    Value::Mapping entries;
    if (take("}"))
      return Value(std::move(entries));
    do {
      std::optional<std::string> key = text();
      if (!key || !take(":"))
        return std::nullopt;
      std::optional<Value> found = value(depth + 1);
      if (!found)
        return std::nullopt;
      entries.push_back({*std::move(key), *std::move(found)});
    } while (take(","));
    if (!take("}"))
      return std::nullopt;
    if (is_marked(entries))
      return marked(entries.front().key, entries.front().value.text());
    return Value(std::move(entries));
  }

  std::optional<std::string> text() {
    if (!take("\""))
      return std::nullopt;
    std::string text;
    while (true) {
      const char* const plain = at_;
      while (at_ != end_ && *at_ >= ' ' && *at_ < '\x7f' && *at_ != '"' && *at_ != '\\')
        ++at_;
      text.append(plain, at_);
      if (take("\""))
        return text;
      if (take("\\n"))
        text += '\n';
      else if (take("\\\""))
        text += '"';
      else if (take("\\\\"))
        text += '\\';
      else
        return std::nullopt;
    }
  }

  const char* at_;
  const char* const end_;
};

}  // namespace

std::string to_json(const Value& value) {
  return dump(json_of(value));
}

std::string to_json(const Properties& values) {
  Json json = Json::object();
  for (const auto& [key, value] : values)
    json[key] = json_of(value);
  return dump(json);
}

Value from_json(std::string_view json) {
  ValueReader reader(ValueReader::Top::Value);
  Json::sax_parse(json, &reader);
  return reader.take();
}

Properties map_from_json(std::string_view json) {
  if (json == "{}")  // Most often nothing is noted.
    return {};
  if (std::optional<Properties> plain = PlainObject(json).read())
    return *std::move(plain);
  ValueReader reader(ValueReader::Top::Names);
  Json::sax_parse(json, &reader);
  const Value whole = reader.take();
  if (!whole.is_mapping())
    throw std::invalid_argument("this is no JSON object");
  Properties values;
  for (const Value::Entry& entry : whole.mapping())
    values.emplace(entry.key, entry.value);
  return values;
}

}  // namespace encamp
