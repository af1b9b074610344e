// A value of a description: what a key holds once it is typed, and what plans, components and the
// journal pass on. Values are immutable in practice and cheap to copy: text, lists and mappings are
// shared.
//
// A value can be *pending*: what it is depends on attributes that are chosen at bind or known only
// once the site runs (an address, a command's output). settle() (expression.h) replaces what has
// become known.
//
// Text can be *secret* (secret.h): it is printed and recorded as a digest only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "engine/description/address.h"
#include "engine/description/quantity.h"
#include "engine/description/secret.h"
#include "engine/description/shared_map.h"

namespace encamp {

class Expression;

/// A resource of the site as a value: `controller: ${{ nodes.head }}`.
struct Reference {
  Address address;
  bool operator==(const Reference&) const = default;
};

class Value {
 public:
  struct Entry;
  using List = std::vector<Value>;
  using Mapping = std::vector<Entry>;  ///< In the order written; keys are unique.
  using Pending = std::shared_ptr<const Expression>;

  Value() = default;  ///< null
  Value(bool value) : data_(value) {}
  Value(int value) : data_(std::int64_t{value}) {}
  Value(std::int64_t value) : data_(value) {}
  Value(double value) : data_(value) {}
  Value(const char* value) : Value(std::string(value)) {}
  Value(std::string value) : data_(std::make_shared<const std::string>(std::move(value))) {}
  Value(Bytes value) : data_(value) {}
  Value(Duration value) : data_(value) {}
  Value(Reference value) : data_(std::make_shared<const Reference>(std::move(value))) {}
  Value(List value) : data_(std::make_shared<const List>(std::move(value))) {}
  Value(Mapping value);
  Value(Pending value) : data_(std::move(value)) {}
  Value(Secret value) : data_(std::make_shared<const Secret>(std::move(value))) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  /// Secret text is not meant: see is_secret().
  bool is_text() const { return std::holds_alternative<TextPointer>(data_); }
  bool is_list() const { return std::holds_alternative<ListPointer>(data_); }
  bool is_mapping() const { return std::holds_alternative<MappingPointer>(data_); }
  bool is_reference() const { return std::holds_alternative<ReferencePointer>(data_); }
  bool is_pending() const { return std::holds_alternative<Pending>(data_); }
  bool is_secret() const { return std::holds_alternative<SecretPointer>(data_); }
  template <typename T>
  bool is() const {
    return std::holds_alternative<T>(data_);
  }

  /// REQUIRES: the value is of that type; checked by assert. Schemas make sure of it.
  bool boolean() const { return get<bool>(); }
  std::int64_t integer() const { return get<std::int64_t>(); }
  double number() const;  ///< Of an integer too.
  /// Of a secret too, as components get it; std::logic_error while that is closed.
  const std::string& text() const;
  const Secret& secret() const { return *get<SecretPointer>(); }
  Bytes bytes() const { return get<Bytes>(); }
  Duration duration() const { return get<Duration>(); }
  const Address& reference() const { return get<ReferencePointer>()->address; }
  const List& list() const { return *get<ListPointer>(); }
  const Mapping& mapping() const { return *get<MappingPointer>(); }
  const Pending& pending() const { return get<Pending>(); }

  /// The value under `key` of a mapping, or nullptr.
  const Value* find(std::string_view key) const;

  /// Whether nothing in it is pending, however deep.
  bool is_known() const;

  /// Deep; pending values are equal when they print the same.
  bool operator==(const Value& other) const;

  /// What kind of value this is, as a message would say it: "text", "a list", "a size".
  std::string kind_name() const;

 private:
  using TextPointer = std::shared_ptr<const std::string>;
  using ReferencePointer = std::shared_ptr<const Reference>;
  using ListPointer = std::shared_ptr<const List>;
  using MappingPointer = std::shared_ptr<const Mapping>;
  using SecretPointer = std::shared_ptr<const Secret>;

  template <typename T>
  const T& get() const;

  std::variant<std::monostate, bool, std::int64_t, double, TextPointer, Bytes, Duration,
               ReferencePointer, ListPointer, MappingPointer, Pending, SecretPointer>
      data_;
};

struct Value::Entry {
  std::string key;
  Value value;
  bool operator==(const Entry&) const = default;
};

/// What a component is told to make true, by property name.
using Properties = SharedMap<Value>;

/// The text of a property, open secret text too; "" when it is not there, null, or not known yet.
std::string text_of(const Properties& properties, const std::string& name);
/// The texts of a property that is a list; none when it is not there, null, or not known yet.
std::vector<std::string> texts_of(const Properties& properties, const std::string& name);

/// What is known of a resource, by attribute name: chosen by bind, or reported by realize.
using Attributes = SharedMap<Value>;

/// `value` with every secret in it, however deep, replaced. Expressions are left as they are.
Value with_secrets(const Value& value, const std::function<Value(const Secret&)>& replace);
/// The first secret in `value`, or nullptr.
const Secret* find_secret(const Value& value);

/// SHA-256 of text in hexadecimal, of secret text its keyed digest: fit to be recorded.
std::string digest_of(const Value& text);

/// JSON for the journal, for events and for `--json`. Sizes, times and references become objects
/// with one key that starts with `$`, so that from_json(to_json(v)) == v. A pending value is
/// written as `{"$pending": "..."}` and cannot be read back; a secret is closed when it is.
std::string to_json(const Value& value);
std::string to_json(const Properties& values);
/// Throws std::invalid_argument when `json` is not what to_json() writes.
Value from_json(std::string_view json);
Properties map_from_json(std::string_view json);

/// One line for people: `"text"`, `512 MiB`, `[a, b]`, `(known later)`; at most `limit` bytes.
std::string to_display(const Value& value, std::size_t limit = 80);

}  // namespace encamp
