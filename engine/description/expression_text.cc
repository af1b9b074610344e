// Scalars with `${{ ... }}` in them, and the blocks `{% ... %}` of texts.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/description/expression_parser.h"

namespace encamp {
namespace {

using Kind = Expression::Kind;

constexpr int kDeepestBlock = 20;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r") == std::string_view::npos;
}

class TextParser {
 public:
  explicit TextParser(const Tree& scalar)
      : scalar_(scalar),
        text_(scalar.text),
        places_(scalar),
        has_blocks_(scalar.style == Tree::Style::Literal || scalar.style == Tree::Style::File) {}

  std::variant<std::string, Expression::Pointer> run() {
    Parts parts = read(nullptr);
    if (parts.all.empty())
      return std::move(parts.literal);
    const bool is_one = parts.all.size() == 1 && parts.literal.empty();
    if (is_one && parts.all.front()->kind != Kind::Text)
      return parts.all.front();
    flush(parts);
    return text_of(std::move(parts));
  }

 private:
  struct Parts {
    std::vector<Expression::Pointer> all;
    std::string literal;  ///< What follows the last of them.
  };
  struct Block {
    std::vector<Token> tokens;  ///< `for n in list`, `end`, ...
    std::size_t begin = 0;      ///< Of `{%`.
    const std::string& word() const { return tokens.front().text; }
  };

  [[noreturn]] void fail(std::size_t begin, std::size_t length, std::string summary,
                         std::string hint = {}) const {
    throw ExpressionError{{.code = "expression-syntax",
                           .summary = std::move(summary),
                           .where = places_.at(begin, length),
                           .hint = std::move(hint)}};
  }

  void flush(Parts& parts) const {
    if (!parts.literal.empty())
      parts.all.push_back(as_expression(std::exchange(parts.literal, {}), scalar_.where));
  }

  Expression::Pointer text_of(Parts parts) const {
    flush(parts);
    Expression text;
    text.kind = Kind::Text;
    text.where = scalar_.where;
    text.operands = std::move(parts.all);
    return std::make_shared<const Expression>(std::move(text));
  }

  /// Reads up to the end of the text or, inside of the block `outer`, the `else` or `end` that
  /// belongs to it, which is in `closing_` then.
  Parts read(const Block* outer) {
    Parts parts;
    while (true) {
      const std::size_t reference = std::min(text_.find("${{", at_), text_.size());
      const std::size_t block =
          has_blocks_ ? std::min(text_.find("{%", at_), text_.size()) : text_.size();
      if (block < reference) {
        Block found = read_block(block, parts.literal);
        if (found.word() == "else" || found.word() == "end") {
          if (outer == nullptr)
            fail(found.begin, 2, fmt::format("this '{}' closes nothing", found.word()));
          closing_ = std::move(found);
          return parts;
        }
        flush(parts);
        parts.all.push_back(block_of(found));
        continue;
      }
      parts.literal.append(text_, at_, reference - at_);
      at_ = reference;
      if (reference == text_.size())
        break;
      read_reference(parts);
    }
    if (outer != nullptr)
      fail(outer->begin, 2, fmt::format("this '{}' has no '{{% end %}}'", outer->word()));
    return parts;
  }

  void read_reference(Parts& parts) {
    if (parts.literal.ends_with('$')) {
      parts.literal += "{{";
      at_ += 3;
      return;
    }
    std::vector<Token> tokens = tokenize(text_, at_ + 3, EndsAt::Braces, places_);
    at_ = tokens.back().end;
    flush(parts);
    parts.all.push_back(parse_expression(std::move(tokens), places_));
  }

  /// Reads the line of a block; the text before it goes to `literal`.
  Block read_block(std::size_t begin, std::string& literal) {
    const std::size_t newline = begin == 0 ? std::string::npos : text_.rfind('\n', begin - 1);
    const std::size_t line = newline == std::string::npos ? 0 : newline + 1;
    Block block{.tokens = tokenize(text_, begin + 2, EndsAt::Block, places_), .begin = begin};
    const std::size_t behind = block.tokens.back().end;
    const std::size_t end = std::min(text_.find('\n', behind), text_.size());
    if (line < at_ || !is_blank(text_.substr(line, begin - line)) ||
        !is_blank(text_.substr(behind, end - behind)))
      fail(begin, behind - begin, "'{% ... %}' stands alone on its line",
           "a literal '{%' is written ${{ \"{%\" }}");
    if (block.word() != "for" && block.word() != "if" && block.word() != "else" &&
        block.word() != "end")
      fail(begin, behind - begin, "this is no block",
           "there are {% for n in list %}, {% if condition %}, {% else %} and {% end %}");
    if ((block.word() == "else" || block.word() == "end") && block.tokens.size() > 2)
      fail(begin, behind - begin, fmt::format("'{}' stands alone", block.word()));
    literal.append(text_, at_, line - at_);
    at_ = std::min(end + 1, text_.size());
    return block;
  }

  Expression::Pointer block_of(const Block& block) {
    if (++depth_ > kDeepestBlock)
      fail(block.begin, 2, "blocks are nested too deep");
    Expression::Pointer body = text_of(read(&block));
    Expression::Pointer result;
    if (block.word() == "for") {
      if (closing_.word() != "end")
        fail(closing_.begin, 2, "'else' belongs to an 'if'");
      Expression join;
      join.kind = Kind::Call;
      join.where = places_.at(block.begin, block.tokens.back().end - block.begin);
      join.name = "join";
      join.operands = {as_expression("", join.where), parse_loop(block.tokens, places_, body)};
      result = std::make_shared<const Expression>(std::move(join));
    } else {
      result = choice(block, std::move(body));
    }
    --depth_;
    return result;
  }

  Expression::Pointer choice(const Block& block, Expression::Pointer body) {
    Expression::Pointer otherwise = as_expression("", scalar_.where);
    if (closing_.word() == "else") {
      otherwise = text_of(read(&block));
      if (closing_.word() != "end")
        fail(closing_.begin, 2, "a second 'else'");
    }
    std::vector<Token> condition(block.tokens.begin() + 1, block.tokens.end());
    Expression conditional;
    conditional.kind = Kind::Conditional;
    conditional.name = "{%";
    conditional.where = places_.at(block.begin, block.tokens.back().end - block.begin);
    conditional.operands = {parse_expression(std::move(condition), places_), std::move(body),
                            std::move(otherwise)};
    return std::make_shared<const Expression>(std::move(conditional));
  }

  const Tree& scalar_;
  const std::string& text_;
  ScalarPlaces places_;
  bool has_blocks_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Block closing_;
};

}  // namespace

bool has_reference(const Tree& tree) {
  return tree.text.find("${{") != std::string::npos || tree.text.find("{%") != std::string::npos ||
         std::ranges::any_of(tree.items, has_reference) ||
         std::ranges::any_of(tree.entries, has_reference, &Tree::Entry::value);
}

std::variant<std::string, Expression::Pointer> parse_scalar(const Tree& scalar) {
  if (!has_reference(scalar))
    return scalar.text;
  return TextParser(scalar).run();
}

}  // namespace encamp
