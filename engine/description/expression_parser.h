// From text to Expression.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "engine/description/expression_tree.h"
#include "engine/description/tree.h"

namespace encamp {

/// Reads a scalar that may contain `${{ ... }}`: plain text (with `$${{` made `${{`) when it
/// contains none; the expression itself when it is one reference and nothing else; else an
/// Expression of kind Text. Throws ExpressionError.
std::variant<std::string, Expression::Pointer> parse_scalar(const Tree& scalar);

/// Reads a scalar that is an expression without `${{ }}`, an entry of `needs`. Throws
/// ExpressionError.
Expression::Pointer parse_path(const Tree& scalar);

}  // namespace encamp
