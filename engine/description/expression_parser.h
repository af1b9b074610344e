// From text to Expression.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/description/expression_lexer.h"
#include "engine/description/expression_tree.h"
#include "engine/description/tree.h"

namespace encamp {

/// Reads a scalar that may contain `${{ ... }}`: plain text (with `$${{` made `${{`) when it
/// contains none; the expression itself when it is one reference and nothing else; else an
/// Expression of kind Text. In a `|` text, lines `{% for ... %}`, `{% if ... %}`, `{% else %}` and
/// `{% end %}` repeat and choose what is between them and leave no line behind. Throws
/// ExpressionError.
std::variant<std::string, Expression::Pointer> parse_scalar(const Tree& scalar);

/// Whether a value may refer to something: parse_scalar() gives plain text for all its scalars when
/// not.
bool has_reference(const Tree& tree);

/// Reads a scalar that is an expression without `${{ }}`, an entry of `needs`. Throws
/// ExpressionError.
Expression::Pointer parse_path(const Tree& scalar);

/// The whole of `tokens` as one expression. Throws ExpressionError.
Expression::Pointer parse_expression(std::vector<Token> tokens, const ScalarPlaces& places);

/// `tokens` are `for n in list if condition`; the result is `[body for n in list if condition]`.
/// Throws ExpressionError.
Expression::Pointer parse_loop(std::vector<Token> tokens, const ScalarPlaces& places,
                               Expression::Pointer body);

}  // namespace encamp
