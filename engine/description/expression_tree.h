// The syntax tree of an expression, as parsed and as what is left of it after evaluation.
//
//     "http://${{ nodes.web.address }}/"   Text["http://", Attribute{nodes.web, address}, "/"]
//     8 * nodes.head.cpus                  Binary *[Literal 8, Member cpus[Member head[Name
//     nodes]]]
//
// A tree inside a pending Value has no Name, Member of a name or Each any more: its leaves are
// Literal and Attribute.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/description/diagnostic.h"
#include "engine/description/expression.h"

namespace encamp {

class Expression {
 public:
  using Pointer = std::shared_ptr<const Expression>;
  enum class Kind {
    Literal,      ///< `literal`; a list in it may hold pending values.
    Attribute,    ///< `attribute`
    Name,         ///< `name`: a root like `nodes`; `*` is the element of an Each.
    Member,       ///< operand `.` name
    Index,        ///< operand [ operand ]
    Each,         ///< list, body: the body for every element, `x[*].y`
    ForEach,      ///< list, body, condition: `[body for name in list if condition]`; name may be
                  ///< `key, value`. With a `literal` of true the bodies are lists and joined.
    List,         ///< [ operands ]
    Unary,        ///< name (`-`, `not`) operand
    Binary,       ///< operand name operand; `and` and `or` too
    Is,           ///< operand `is` name: whether a node extends a prototype
    Conditional,  ///< condition, value if true, value if false; name `{%` of a block in a text
    Call,         ///< name(operands)
    Text,         ///< operands, each converted to text, one after the other
  };

  Kind kind = Kind::Literal;
  Span where;
  std::string name;
  Value literal;
  AttributeReference attribute;
  std::vector<Pointer> operands;
};

/// Thrown while an expression is parsed or evaluated; the caller reports it.
struct ExpressionError {
  Diagnostic diagnostic;
};

/// What a function or operator refuses, without a place; evaluate() adds it.
struct Refusal {
  std::string summary;
  std::string hint;
};

/// The value as a leaf or subtree of an expression.
Expression::Pointer as_expression(const Value& value, const Span& where);

/// A pending value that is an attribute of a resource.
Value attribute_value(AttributeReference reference);

}  // namespace encamp
