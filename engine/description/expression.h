// What stands in `${{ ... }}`, and text that contains it.
//
// resolve() evaluates an expression as far as the file alone allows. What remains refers only to
// attributes of resources by address, and is carried inside a pending Value until settle() finds
// them known: addresses after bind, a command's output once it ran.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/description/source.h"
#include "engine/description/value.h"

namespace encamp {

/// An attribute of a resource that a pending value waits for.
struct AttributeReference {
  Address address;        ///< Of the resource.
  std::string attribute;  ///< `address`, `output`, ...
  Span where;             ///< The reference in the description.
};

/// Answers what an attribute is, or nothing while it is not known.
using Lookup = std::function<std::optional<Value>(const Address&, const std::string& attribute)>;

/// Returns `value` with everything evaluated that `lookup` can answer; the result is known when it
/// answered all. Throws Error(Failed) with the place when an operator or function refuses what it
/// was given (a late value that is no number).
Value settle(const Value& value, const Lookup& lookup);
Properties settle(const Properties& properties, const Lookup& lookup);

/// The attributes that `value` waits for, each once, in the order they stand in it.
std::vector<AttributeReference> pending_references(const Value& value);

/// The text of a pending value as one would write it, `hello from ${{ nodes.node.address }}`.
std::string to_source(const Value& value);

}  // namespace encamp
