// The words of an expression.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/description/expression_tree.h"
#include "engine/description/tree.h"

namespace encamp {

struct Token {
  enum class Kind {
    Name,      ///< `nodes`, `worker-1`; also `and`, `if`, ...
    Literal,   ///< A number, a quantity, text.
    Operator,  ///< `+`, `==`, `(`, `.`, ...
    End,       ///< `}}`, `%}`, or the end of the text where there is none.
  };
  Kind kind = Kind::End;
  std::string text;
  Value literal;
  std::size_t begin = 0;  ///< In the scalar's text.
  std::size_t end = 0;
};

/// Reads tokens from `begin` of `text` on, up to `}}`, `%}` or the end of the text; the place of
/// that is in the last token. Throws ExpressionError.
enum class EndsAt { Braces, Block, EndOfText };
std::vector<Token> tokenize(std::string_view text, std::size_t begin, EndsAt ending,
                            const ScalarPlaces& places);

}  // namespace encamp
