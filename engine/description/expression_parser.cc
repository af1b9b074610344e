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
//                 | sum "is" ["not"] name { "." name }
//     sum         = product { ("+" | "-") product }
//     product     = sign { ("*" | "/" | "//" | "%") sign }
//     sign        = "-" sign | postfix
//     postfix     = primary { "." name | "[" expression "]" | "[" "*" "]" }
//     primary     = literal | name | name "(" list ")" | "(" expression ")" | "[" list "]"
//                 | "[" expression loop { loop } "]"
//     loop        = "for" name ["," name] "in" or [ "if" or ]
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

  Expression::Pointer run_loop(Expression::Pointer body) {
    Expression::Pointer result = loops(std::move(body));
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
    if (is("is"))
      return type_check(begin, std::move(left));
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

  Expression::Pointer type_check(std::size_t begin, Expression::Pointer operand) {
    take();
    const bool negated = accept("not");
    std::string prototype;
    do {
      if (peek().kind != Token::Kind::Name)
        fail(peek(), "the name of a prototype is missing behind 'is'");
      prototype += (prototype.empty() ? "" : ".") + take().text;
    } while (accept("."));
    Expression::Pointer result = make(Kind::Is, begin, std::move(prototype), {std::move(operand)});
    return negated ? make(Kind::Unary, begin, "not", {result}) : result;
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

  std::vector<Expression::Pointer> list(std::string_view end,
                                        std::vector<Expression::Pointer> values = {}) {
    while (!accept(end)) {
      if (!values.empty()) {
        if (!accept(","))
          fail(peek(), fmt::format("',' or '{}' is missing here", end));
        if (accept(end))
          break;
      }
      values.push_back(expression());
    }
    return values;
  }

  // What begins with '[': a list of its items, or of what loops make.
  Expression::Pointer bracketed(std::size_t begin) {
    std::vector<Expression::Pointer> items;
    if (!is("]")) {
      items.push_back(expression());
      if (is("for")) {
        Expression::Pointer loop = loops(std::move(items.front()));
        expect("]");
        return loop;
      }
    }
    items = list("]", std::move(items));
    return make(Kind::List, begin, "", std::move(items));
  }

  // `for` of a list, behind its body: `[n.name for n in nodes if n.cpus > 1]`.
  Expression::Pointer loops(Expression::Pointer body) {
    if (++depth_ > kDeepest)
      fail(peek(), "this expression is nested too deep");
    const std::size_t begin = peek().begin;
    take();
    std::string variables = loop_variables();
    Expression::Pointer source = disjunction();
    Expression::Pointer condition =
        accept("if") ? disjunction() : literal(true, tokens_[at_ - 1].begin);
    Expression loop;
    loop.literal = is("for");
    if (is("for"))
      body = loops(std::move(body));
    loop.kind = Kind::ForEach;
    loop.where = places_.at(begin, tokens_[at_ - 1].end - begin);
    loop.name = std::move(variables);
    loop.operands = {std::move(source), std::move(body), std::move(condition)};
    --depth_;
    return std::make_shared<const Expression>(std::move(loop));
  }

  // `n in` or `key, value in`, the words behind `for`.
  std::string loop_variables() {
    std::string names;
    do {
      if (peek().kind != Token::Kind::Name || is_word(peek().text))
        fail(peek(), "a name is missing behind 'for'");
      names += (names.empty() ? "" : ", ") + take().text;
    } while (names.find(',') == std::string::npos && accept(","));
    expect("in");
    return names;
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
      Expression::Pointer value = bracketed(token.begin);
      start_ = token.begin;
      return value;
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

}  // namespace

Expression::Pointer parse_expression(std::vector<Token> tokens, const ScalarPlaces& places) {
  return Parser(std::move(tokens), places).run();
}

Expression::Pointer parse_loop(std::vector<Token> tokens, const ScalarPlaces& places,
                               Expression::Pointer body) {
  return Parser(std::move(tokens), places).run_loop(std::move(body));
}

Expression::Pointer parse_path(const Tree& scalar) {
  const ScalarPlaces places(scalar);
  return parse_expression(tokenize(scalar.text, 0, EndsAt::EndOfText, places), places);
}

}  // namespace encamp
