#include "engine/description/expression_lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace encamp {
namespace {

constexpr std::size_t kMostTokens = 1000;  // Bounds the depth of the tree, hence the stack.

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

class Lexer {
 public:
  Lexer(std::string_view text, std::size_t begin, EndsAt ending, const ScalarPlaces& places)
      : text_(text), begin_(begin), at_(begin), ending_(ending), places_(places) {}

  std::vector<Token> run() {
    while (true) {
      while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != text_.npos)
        ++at_;
      if (tokens_.size() >= kMostTokens)
        fail(at_, 1, "this expression is too long");
      if (ending_ != EndsAt::EndOfText &&
          text_.substr(at_, 2) == (ending_ == EndsAt::Braces ? "}}" : "%}")) {
        push(Token::Kind::End, 2);
        return std::move(tokens_);
      }
      if (at_ == text_.size()) {
        if (ending_ == EndsAt::Braces)
          fail(begin_ - 3, 3, "this reference is not closed by '}}'");
        if (ending_ == EndsAt::Block)
          fail(begin_ - 2, 2, "this is not closed by '%}'");
        push(Token::Kind::End, 0);
        return std::move(tokens_);
      }
      next();
    }
  }

 private:
  [[noreturn]] void fail(std::size_t at, std::size_t length, std::string summary,
                         std::string hint = {}) const {
    throw ExpressionError{{.code = "expression-syntax",
                           .summary = std::move(summary),
                           .where = places_.at(at, length),
                           .hint = std::move(hint)}};
  }

  Token& push(Token::Kind kind, std::size_t length) {
    tokens_.push_back({.kind = kind,
                       .text = std::string(text_.substr(at_, length)),
                       .literal = {},
                       .begin = at_,
                       .end = at_ + length});
    at_ += length;
    return tokens_.back();
  }

  char peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

  void next() {
    const bool member = !tokens_.empty() && tokens_.back().text == "." &&
                        tokens_.back().kind == Token::Kind::Operator;
    if (is_name_start(peek(0)) || (member && is_digit(peek(0)))) {
      std::size_t length = 1;
      while (is_name(peek(length)) || (peek(length) == '-' && is_name(peek(length + 1))))
        ++length;
      push(Token::Kind::Name, length);
    } else if (is_digit(peek(0))) {
      number();
    } else if (peek(0) == '"' || peek(0) == '\'') {
      quoted(peek(0));
    } else {
      symbol();
    }
  }

  // A number, with a unit a quantity: `512 MiB`. A name that is no unit stays a word of its own.
  void number() {
    std::size_t length = 1;
    while (is_digit(peek(length)))
      ++length;
    bool fraction = false;
    if (peek(length) == '.' && is_digit(peek(length + 1))) {
      fraction = true;
      ++length;
      while (is_digit(peek(length)))
        ++length;
    }
    std::size_t unit = length;
    while (peek(unit) == ' ')
      ++unit;
    std::size_t end = unit;
    while (is_name(peek(end)))
      ++end;
    if (end > unit) {
      const std::string written(text_.substr(at_, end));
      if (const std::optional<Bytes> bytes = parse_bytes(written)) {
        push(Token::Kind::Literal, end).literal = *bytes;
        return;
      }
      if (const std::optional<Duration> duration = parse_duration(written)) {
        push(Token::Kind::Literal, end).literal = *duration;
        return;
      }
      if (end > length && unit == length)
        fail(at_, end, fmt::format("'{}' is neither a number nor a quantity", written),
             "sizes are written like 512 MiB, times like 30 s");
    }
    const std::string digits(text_.substr(at_, length));
    Value value;
    if (fraction) {
      value = std::stod(digits);
    } else {
      std::int64_t whole = 0;
      const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), whole);
      if (result.ec != std::errc())
        fail(at_, length, "this number is too large");
      value = whole;
    }
    push(Token::Kind::Literal, length).literal = std::move(value);
  }

  void quoted(char quote) {
    std::string value;
    std::size_t length = 1;
    while (true) {
      const char c = peek(length);
      if (at_ + length >= text_.size())
        fail(at_, 1, "this quote is not closed");
      ++length;
      if (c == quote)
        break;
      if (c != '\\') {
        value += c;
        continue;
      }
      const char escaped = peek(length++);
      switch (escaped) {
        case 'n':
          value += '\n';
          break;
        case 't':
          value += '\t';
          break;
        case '\\':
        case '"':
        case '\'':
          value += escaped;
          break;
        default:
          fail(at_ + length - 2, 2, "this escape has no meaning",
               R"(there are \n, \t, \\, \" and \')");
      }
    }
    push(Token::Kind::Literal, length).literal = std::move(value);
  }

  void symbol() {
    static constexpr std::array<std::string_view, 18> kSymbols = {
        "//", "==", "!=", "<=", ">=", "+", "-", "*", "/",
        "%",  "<",  ">",  "(",  ")",  "[", "]", ",", "."};
    for (const std::string_view symbol : kSymbols) {
      if (text_.substr(at_, symbol.size()) == symbol) {
        push(Token::Kind::Operator, symbol.size());
        return;
      }
    }
    std::string hint;
    if (peek(0) == '&' || peek(0) == '|' || peek(0) == '!')
      hint = "the words are 'and', 'or' and 'not'";
    else if (peek(0) == '=')
      hint = "equality is written '=='";
    else if (peek(0) == '$')
      hint = "inside of ${{ }} names stand without a dollar sign";
    fail(at_, 1, "this character has no meaning in an expression", std::move(hint));
  }

  std::string_view text_;
  std::size_t begin_;
  std::size_t at_;
  EndsAt ending_;
  const ScalarPlaces& places_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokenize(std::string_view text, std::size_t begin, EndsAt ending,
                            const ScalarPlaces& places) {
  return Lexer(text, begin, ending, places).run();
}

}  // namespace encamp
