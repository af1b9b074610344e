#include "engine/description/expression_parser.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

#include <fmt/format.h>

#include "engine/description/expression_lexer.h"

namespace encamp {
namespace {

using Kind = Expression::Kind;

constexpr int kDeepest = 60;

// Recursive descent, loosest first:
//
//     expression  = or [ "if" or "else" expression ]
//     or          = and { "or" and }
//     and         = not { "and" not }
//     not         = "not" not | comparison
//     comparison  = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "in") sum ]
//     sum         = product { ("+" | "-") product }
//     product     = sign { ("*" | "/" | "//" | "%") sign }
//     sign        = "-" sign | postfix
//     postfix     = primary { "." name | "[" expression "]" | "[" "*" "]" }
//     primary     = literal | name | name "(" list ")" | "(" expression ")" | "[" list "]"
class Parser {
 public:
  Parser(std::vector<Token> tokens, const ScalarPlaces& places)
      : tokens_(std::move(tokens)), places_(places) {}

  Expression::Pointer run() {
    if (peek().kind == Token::Kind::End)
      fail(peek(), "an expression is missing here");
    Expression::Pointer result = expression();
    if (peek().kind != Token::Kind::End)
      fail_unexpected();
    return result;
  }

 private:
  const Token& peek(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  const Token& take() { return tokens_[at_ < tokens_.size() - 1 ? at_++ : at_]; }

  bool is(std::string_view text, std::size_t ahead = 0) const {
    const Token& token = peek(ahead);
    return (token.kind == Token::Kind::Operator || token.kind == Token::Kind::Name) &&
           token.text == text;
  }
  bool accept(std::string_view text) {
    if (!is(text))
      return false;
    take();
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text))
      fail(peek(), fmt::format("'{}' is missing here", text));
  }

  [[noreturn]] void fail(const Token& token, std::string summary, std::string hint = {}) const {
    throw ExpressionError{{.code = "expression-syntax",
                           .summary = std::move(summary),
                           .where = places_.at(token.begin, token.end - token.begin),
                           .hint = std::move(hint)}};
  }
  [[noreturn]] void fail_unexpected() const {
    if (peek().kind == Token::Kind::End)
      fail(peek(), "the expression ends too early");
    if (is("is") || is("for"))
      fail(peek(), fmt::format("'{}' is not supported by this version", peek().text));
    fail(peek(), fmt::format("'{}' does not fit here", peek().text));
  }

  Expression::Pointer make(Kind kind, std::size_t begin, std::string name,
                           std::vector<Expression::Pointer> operands) const {
    Expression expression;
    expression.kind = kind;
    expression.where = places_.at(begin, tokens_[at_ == 0 ? 0 : at_ - 1].end - begin);
    expression.name = std::move(name);
    expression.operands = std::move(operands);
    return std::make_shared<const Expression>(std::move(expression));
  }

  Expression::Pointer expression() {
    if (++depth_ > kDeepest)
      fail(peek(), "this expression is nested too deep");
    const std::size_t begin = peek().begin;
    Expression::Pointer value = disjunction();
    if (accept("if")) {
      Expression::Pointer condition = disjunction();
      expect("else");
      Expression::Pointer otherwise = expression();
      value = make(Kind::Conditional, begin, "if", {condition, value, otherwise});
    }
    --depth_;
    return value;
  }

  using Level = Expression::Pointer (Parser::*)();
  Expression::Pointer left_to_right(Level operand,
                                    std::initializer_list<std::string_view> operators) {
    const std::size_t begin = peek().begin;
    Expression::Pointer left = (this->*operand)();
    while (std::ranges::any_of(operators, [&](std::string_view o) { return is(o); })) {
      const std::string name = take().text;
      Expression::Pointer right = (this->*operand)();
      left = make(Kind::Binary, begin, name, {left, right});
    }
    return left;
  }

  Expression::Pointer disjunction() { return left_to_right(&Parser::conjunction, {"or"}); }
  Expression::Pointer conjunction() { return left_to_right(&Parser::negation, {"and"}); }

  Expression::Pointer negation() {
    const std::size_t begin = peek().begin;
    if (!is("not"))
      return comparison();
    return prefixed(begin, &Parser::negation);
  }

  Expression::Pointer comparison() {
    const std::size_t begin = peek().begin;
    Expression::Pointer left = sum();
    const bool negated = is("not") && is("in", 1);
    if (negated)
      take();
    const auto compares = [&] {
      static constexpr std::array<std::string_view, 7> kOperators = {
          "==", "!=", "<", "<=", ">", ">=", "in"};
      return std::ranges::any_of(kOperators, [&](std::string_view o) { return is(o); });
    };
    if (!compares())
      return left;
    const std::string name = take().text;
    Expression::Pointer right = sum();
    if (compares())
      fail(peek(), "comparisons cannot be chained", "join two of them with 'and'");
    left = make(Kind::Binary, begin, name, {left, right});
    return negated ? make(Kind::Unary, begin, "not", {left}) : left;
  }

  Expression::Pointer sum() { return left_to_right(&Parser::product, {"+", "-"}); }
  Expression::Pointer product() { return left_to_right(&Parser::sign, {"*", "/", "//", "%"}); }

  Expression::Pointer sign() {
    const std::size_t begin = peek().begin;
    if (is("-"))
      return prefixed(begin, &Parser::sign);
    Expression::Pointer value = primary();
    return postfix(std::move(value), start_);
  }

  Expression::Pointer prefixed(std::size_t begin, Level operand) {
    if (++depth_ > kDeepest)
      fail(peek(), "this expression is nested too deep");
    const std::string name = take().text;
    Expression::Pointer value = (this->*operand)();
    --depth_;
    return make(Kind::Unary, begin, name, {value});
  }

  Expression::Pointer postfix(Expression::Pointer value, std::size_t begin) {
    while (true) {
      if (accept(".")) {
        if (peek().kind != Token::Kind::Name)
          fail(peek(), "a name is missing behind '.'");
        std::string name = take().text;
        value = make(Kind::Member, begin, std::move(name), {value});
      } else if (is("[") && is("*", 1)) {
        take();
        take();
        expect("]");
        const std::size_t inner = tokens_[at_ - 1].begin;
        if (++depth_ > kDeepest)
          fail(peek(), "this expression is nested too deep");
        Expression::Pointer body = postfix(make(Kind::Name, inner, "*", {}), begin);
        --depth_;
        return make(Kind::Each, begin, "*", {value, body});
      } else if (accept("[")) {
        Expression::Pointer index = expression();
        expect("]");
        value = make(Kind::Index, begin, "", {value, index});
      } else {
        return value;
      }
    }
  }

  std::vector<Expression::Pointer> list(std::string_view end) {
    std::vector<Expression::Pointer> values;
    while (!accept(end)) {
      if (!values.empty()) {
        if (is("for"))
          fail_unexpected();
        if (!accept(","))
          fail(peek(), fmt::format("',' or '{}' is missing here", end));
        if (accept(end))
          break;
      }
      values.push_back(expression());
    }
    return values;
  }

  Expression::Pointer primary() {
    const Token token = peek();
    start_ = token.begin;
    if (token.kind == Token::Kind::Literal)
      return literal(take().literal, token.begin);
    if (accept("(")) {
      Expression::Pointer value = expression();
      expect(")");
      start_ = token.begin;
      return value;
    }
    if (accept("[")) {
      std::vector<Expression::Pointer> values = list("]");
      start_ = token.begin;
      return make(Kind::List, token.begin, "", std::move(values));
    }
    if (token.kind != Token::Kind::Name || is_word(token.text))
      fail_unexpected();
    take();
    if (token.text == "true" || token.text == "false")
      return literal(token.text == "true", token.begin);
    if (token.text == "null")
      return literal({}, token.begin);
    if (accept("(")) {
      std::vector<Expression::Pointer> arguments = list(")");
      start_ = token.begin;
      return make(Kind::Call, token.begin, token.text, std::move(arguments));
    }
    return make(Kind::Name, token.begin, token.text, {});
  }

  static bool is_word(std::string_view text) {
    static constexpr std::array<std::string_view, 8> kWords = {"and", "or",   "not", "in",
                                                               "if",  "else", "for", "is"};
    return std::ranges::find(kWords, text) != kWords.end();
  }

  Expression::Pointer literal(Value value, std::size_t begin) const {
    Expression expression;
    expression.where = places_.at(begin, tokens_[at_ - 1].end - begin);
    expression.literal = std::move(value);
    return std::make_shared<const Expression>(std::move(expression));
  }

  std::vector<Token> tokens_;
  const ScalarPlaces& places_;
  std::size_t at_ = 0;
  std::size_t start_ = 0;  ///< Where the last primary began.
  int depth_ = 0;
};

Expression::Pointer text_part(std::string text, const Span& where) {
  Expression part;
  part.where = where;
  part.literal = std::move(text);
  return std::make_shared<const Expression>(std::move(part));
}

}  // namespace

std::variant<std::string, Expression::Pointer> parse_scalar(const Tree& scalar) {
  const std::string& text = scalar.text;
  if (text.find("${{") == std::string::npos)
    return text;
  const ScalarPlaces places(scalar);
  Expression whole;
  whole.kind = Kind::Text;
  whole.where = scalar.where;
  std::string literal;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t open = std::min(text.find("${{", at), text.size());
    literal.append(text, at, open - at);
    if (open == text.size())
      break;
    if (literal.ends_with('$')) {
      literal += "{{";
      at = open + 3;
      continue;
    }
    std::vector<Token> tokens = tokenize(text, open + 3, Ending::Braces, places);
    at = tokens.back().end;
    Expression::Pointer reference = Parser(std::move(tokens), places).run();
    if (open == 0 && at == text.size())
      return reference;
    if (!literal.empty())
      whole.operands.push_back(text_part(std::exchange(literal, {}), scalar.where));
    whole.operands.push_back(std::move(reference));
  }
  if (whole.operands.empty())
    return literal;
  if (!literal.empty())
    whole.operands.push_back(text_part(std::move(literal), scalar.where));
  return std::make_shared<const Expression>(std::move(whole));
}

Expression::Pointer parse_path(const Tree& scalar) {
  const ScalarPlaces places(scalar);
  return Parser(tokenize(scalar.text, 0, Ending::EndOfText, places), places).run();
}

}  // namespace encamp
