// Evaluates expressions, as far as what they name is known.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/description/expression_tree.h"

namespace encamp {

/// What names mean where an expression stands. Resources and collections of them (`nodes`,
/// `nodes.head.software`) are Reference values; their members are asked for by address.
class Scope {
 public:
  virtual ~Scope() = default;

  /// The value of a root like `site` or `nodes`, or nothing.
  virtual std::optional<Value> find(const std::string& name) const = 0;
  virtual std::vector<std::string> names() const = 0;

  /// What `name` is of the resource or collection at `address`, or nothing. Pending when it is
  /// chosen or late. May throw ExpressionError.
  virtual std::optional<Value> member(const Address& address, const std::string& name,
                                      const Span& where) const = 0;
  virtual std::vector<std::string> members(const Address& address) const = 0;

  /// The resources of a collection; nothing when `address` is a resource.
  virtual std::optional<Value::List> elements(const Address& address) const = 0;

  /// Whether the node at `address` extends a prototype; nothing when there is no such prototype.
  virtual std::optional<bool> extends(const Address&, const std::string& /*prototype*/) const {
    return std::nullopt;
  }
  virtual std::vector<std::string> prototypes() const { return {}; }

  /// The bytes of a file named in the description file `from`. Throws Error.
  virtual std::optional<std::string> file(const std::string& /*path*/,
                                          const std::string& /*from*/) const {
    return std::nullopt;
  }

  /// An attribute that a residual expression waits for, when it has become known.
  virtual std::optional<Value> attribute(const AttributeReference&) const { return std::nullopt; }
};

/// The value of `expression`; what cannot be known yet is pending, everything around it evaluated.
/// Throws ExpressionError at the first mistake.
Value evaluate(const Expression& expression, const Scope& scope);

}  // namespace encamp
