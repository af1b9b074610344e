// Evaluates expressions, as far as what they name is known.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/description/expression_parser.h"
#include "engine/description/expression_tree.h"

namespace encamp {

/// A file of this machine that a description names.
struct NamedFile {
  std::string absolute;
  std::string bytes;
  /// Called as messages name it; paths in it are relative to it.
  std::shared_ptr<const SourceFile> source;
};

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

  /// Which component the resource at `address` has; "" when there is no such resource.
  virtual std::string component_of(const Address&) const { return {}; }

  /// The copy in a collection that `for_each` made for `key`, or nothing.
  virtual std::optional<Value> copy(const Address& /*collection*/,
                                    const std::string& /*key*/) const {
    return std::nullopt;
  }

  /// Whether the node at `address` extends a prototype; nothing when there is no such prototype.
  virtual std::optional<bool> extends(const Address&, const std::string& /*prototype*/) const {
    return std::nullopt;
  }
  virtual std::vector<std::string> prototypes() const { return {}; }

  /// A file named in the file `from`; nullptr where no file can be read. Throws Error.
  using FilePointer = std::shared_ptr<const NamedFile>;
  virtual FilePointer file(const std::string& /*path*/, const std::string& /*from*/) const {
    return nullptr;
  }
  /// Whether what is evaluated stands in that file, a template, already.
  virtual bool is_open(const NamedFile&) const { return false; }

  /// parse_scalar(), which a scope may remember. Throws ExpressionError.
  using Parsed = std::variant<std::string, Expression::Pointer>;
  virtual Parsed parse(const Tree& scalar) const { return parse_scalar(scalar); }

  /// An attribute that a residual expression waits for, when it has become known.
  virtual std::optional<Value> attribute(const AttributeReference&) const { return std::nullopt; }

  /// Counts work, and throws OverBudget when a description asks for too much.
  virtual void spend(std::uint64_t /*steps*/) const {}
};

/// The value of `expression`; what cannot be known yet is pending, everything around it evaluated.
/// Throws ExpressionError at the first mistake.
Value evaluate(const Expression& expression, const Scope& scope);

/// The text of `file` as a scalar like those of a description, with `${{ }}` and `{% %}` in it.
Tree template_tree(const NamedFile& file);

}  // namespace encamp
