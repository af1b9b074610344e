#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "engine/description/functions.h"

namespace encamp {
namespace {

bool is_number(const Value& value) {
  return value.is<std::int64_t>() || value.is<double>();
}

[[noreturn]] void refuse_operands(const std::string& name, const Value& left, const Value& right) {
  throw Refusal{
      fmt::format("'{}' cannot join {} and {}", name, left.kind_name(), right.kind_name()), {}};
}

[[noreturn]] void refuse_overflow() {
  throw Refusal{"the result is too large", {}};
}

std::int64_t whole(const std::string& name, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  bool overflow = false;
  if (name == "+") {
    overflow = __builtin_add_overflow(a, b, &result);
  } else if (name == "-") {
    overflow = __builtin_sub_overflow(a, b, &result);
  } else if (name == "*") {
    overflow = __builtin_mul_overflow(a, b, &result);
  } else {
    if (b == 0)
      throw Refusal{"division by zero", {}};
    if (b == -1)
      return name == "%" ? 0 : whole("-", 0, a);
    // Towards minus infinity, as in Python: -7 // 2 == -4, -7 % 2 == 1.
    const bool below = a % b != 0 && (a < 0) != (b < 0);
    return name == "//" ? a / b - (below ? 1 : 0) : a % b + (below ? b : 0);
  }
  if (overflow)
    refuse_overflow();
  return result;
}

Value fractional(const std::string& name, double a, double b) {
  if ((name == "/" || name == "//" || name == "%") && b == 0)
    throw Refusal{"division by zero", {}};
  double result = 0;
  if (name == "+")
    result = a + b;
  else if (name == "-")
    result = a - b;
  else if (name == "*")
    result = a * b;
  else if (name == "/")
    result = a / b;
  else if (name == "//")
    result = std::floor(a / b);
  else
    result = a - b * std::floor(a / b);
  if (!std::isfinite(result))
    refuse_overflow();
  return result;
}

Value numbers(const std::string& name, const Value& left, const Value& right) {
  if (!left.is<std::int64_t>() || !right.is<std::int64_t>())
    return fractional(name, left.number(), right.number());
  const std::int64_t a = left.integer();
  const std::int64_t b = right.integer();
  if (name == "/" && b != 0 && (b == -1 || a % b == 0))
    return whole("//", a, b);
  if (name == "/")
    return fractional(name, left.number(), right.number());
  return whole(name, a, b);
}

// Sizes and times: sums of two of a kind, products with a number, quotients of either.
template <typename Quantity>
Value quantities(const std::string& name, const Value& left, const Value& right,
                 std::int64_t (*count)(const Value&)) {
  const auto rounded = [](const Value& value) {
    const double number = std::round(value.number());
    if (std::abs(number) >= 9.2e18)
      refuse_overflow();
    return Value(Quantity{static_cast<std::int64_t>(number)});
  };
  if (left.is<Quantity>() && right.is<Quantity>()) {
    if (name == "+" || name == "-" || name == "%")
      return Quantity{whole(name, count(left), count(right))};
    if (name == "/" || name == "//")
      return numbers(name, count(left), count(right));
  } else if (left.is<Quantity>() && is_number(right) && name != "+" && name != "-") {
    if (right.is<std::int64_t>() && name != "/")
      return Quantity{whole(name, count(left), right.integer())};
    return rounded(numbers(name, count(left), right));
  } else if (is_number(left) && name == "*") {
    return quantities<Quantity>(name, right, left, count);
  }
  refuse_operands(name, left, right);
}

std::int64_t bytes_of(const Value& value) {
  return value.bytes().count;
}
std::int64_t milliseconds_of(const Value& value) {
  return value.duration().count();
}

bool comparable(const Value& left, const Value& right) {
  if (is_number(left) && is_number(right))
    return true;
  return left.kind_name() == right.kind_name();
}

template <typename T>
bool compare(const std::string& name, const T& a, const T& b) {
  if (name == "<")
    return a < b;
  if (name == "<=")
    return a <= b;
  return name == ">" ? a > b : a >= b;
}

Value comparison(const std::string& name, const Value& left, const Value& right) {
  const bool equality = name == "==" || name == "!=";
  if (equality && (left.is_null() || right.is_null()))
    return (left.is_null() && right.is_null()) == (name == "==");
  if (!comparable(left, right))
    throw Refusal{fmt::format("{} cannot be compared with {}", left.kind_name(), right.kind_name()),
                  {}};
  if (equality) {
    const bool same = is_number(left) && left.kind_name() != right.kind_name()
                          ? left.number() == right.number()
                          : left == right;
    return same == (name == "==");
  }
  if (left.is<std::int64_t>() && right.is<std::int64_t>())
    return compare(name, left.integer(), right.integer());
  if (is_number(left))
    return compare(name, left.number(), right.number());
  if (left.is_text())
    return compare(name, left.text(), right.text());
  if (left.is<Bytes>())
    return compare(name, left.bytes(), right.bytes());
  if (left.is<Duration>())
    return compare(name, left.duration(), right.duration());
  throw Refusal{fmt::format("{} has no order", left.kind_name()), {}};
}

Value containment(const Value& left, const Value& right) {
  if (right.is_text() && left.is_text())
    return right.text().find(left.text()) != std::string::npos;
  if (right.is_list())
    return std::ranges::find(right.list(), left) != right.list().end();
  if (right.is_mapping() && left.is_text())
    return right.find(left.text()) != nullptr;
  throw Refusal{fmt::format("{} is never in {}", left.kind_name(), right.kind_name()), {}};
}

struct Unit {
  std::string_view name;
  std::int64_t factor;
};
constexpr std::array kSizeUnits = {Unit{"B", 1},
                                   Unit{"kB", 1'000},
                                   Unit{"MB", 1'000'000},
                                   Unit{"GB", 1'000'000'000},
                                   Unit{"TB", 1'000'000'000'000},
                                   Unit{"KiB", 1 << 10},
                                   Unit{"MiB", 1 << 20},
                                   Unit{"GiB", 1 << 30},
                                   Unit{"TiB", std::int64_t{1} << 40}};
constexpr std::array kTimeUnits = {Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"min", 60'000},
                                   Unit{"h", 3'600'000}};

template <std::size_t N>
std::optional<Value> in_unit(std::int64_t count, const std::array<Unit, N>& units,
                             const std::string& name) {
  for (const Unit& unit : units) {
    if (unit.name == name)
      return numbers("/", count, unit.factor);
  }
  return std::nullopt;
}

template <std::size_t N>
std::vector<std::string> unit_names(const std::array<Unit, N>& units) {
  std::vector<std::string> names;
  for (const Unit& unit : units)
    names.emplace_back(unit.name);
  return names;
}

}  // namespace

Value binary(const std::string& name, const Value& left, const Value& right) {
  if (name == "in")
    return containment(left, right);
  if (name == "==" || name == "!=" || name.front() == '<' || name.front() == '>')
    return comparison(name, left, right);
  if (is_number(left) && is_number(right))
    return numbers(name, left, right);
  if (left.is<Bytes>() || right.is<Bytes>())
    return quantities<Bytes>(name, left, right, bytes_of);
  if (left.is<Duration>() || right.is<Duration>())
    return quantities<Duration>(name, left, right, milliseconds_of);
  if (name == "+" && left.is_text() && right.is_text()) {
    if (left.text().size() + right.text().size() > kLongestText)
      refuse_overflow();
    return left.text() + right.text();
  }
  if (name == "+" && left.is_list() && right.is_list()) {
    if (left.list().size() + right.list().size() > kLongestList)
      refuse_overflow();
    Value::List joined = left.list();
    joined.insert(joined.end(), right.list().begin(), right.list().end());
    return joined;
  }
  refuse_operands(name, left, right);
}

Value unary(const std::string& name, const Value& operand) {
  if (name == "not" && operand.is<bool>())
    return !operand.boolean();
  if (name == "-" && is_number(operand))
    return numbers("-", 0, operand);
  throw Refusal{fmt::format("'{}' has no meaning before {}", name, operand.kind_name()), {}};
}

Value item_at(const Value& of, const Value& index) {
  if (of.is_list() && index.is<std::int64_t>()) {
    const auto size = static_cast<std::int64_t>(of.list().size());
    const std::int64_t at = index.integer() < 0 ? index.integer() + size : index.integer();
    if (at < 0 || at >= size)
      throw Refusal{
          fmt::format("the list has {} items, and [{}] is not one of them", size, index.integer()),
          "the first item is [0]"};
    return of.list()[static_cast<std::size_t>(at)];
  }
  if (of.is_mapping() && index.is_text()) {
    if (const Value* value = of.find(index.text()))
      return *value;
    throw Refusal{fmt::format("the mapping has no key '{}'", index.text()), {}};
  }
  throw Refusal{fmt::format("{} has no items by {}", of.kind_name(), index.kind_name()), {}};
}

std::optional<Value> plain_member(const Value& of, const std::string& name) {
  if (of.is<Bytes>())
    return in_unit(bytes_of(of), kSizeUnits, name);
  if (of.is<Duration>())
    return in_unit(milliseconds_of(of), kTimeUnits, name);
  if (const Value* value = of.find(name))
    return *value;
  return std::nullopt;
}

std::vector<std::string> plain_members(const Value& of) {
  if (of.is<Bytes>())
    return unit_names(kSizeUnits);
  if (of.is<Duration>())
    return unit_names(kTimeUnits);
  std::vector<std::string> names;
  if (of.is_mapping()) {
    for (const Value::Entry& entry : of.mapping())
      names.push_back(entry.key);
  }
  return names;
}

std::string to_text(const Value& value) {
  if (value.is_text())
    return value.text();
  if (value.is<bool>())
    return value.boolean() ? "true" : "false";
  if (value.is<std::int64_t>())
    return std::to_string(value.integer());
  if (value.is<double>())
    return fmt::format("{}", value.number());
  const auto refuse = [&](const char* hint) {
    return Refusal{fmt::format("{} does not say how it is written as text", value.kind_name()),
                   hint};
  };
  if (value.is<Bytes>())
    throw refuse("take a number of it, '.MiB' for example");
  if (value.is<Duration>())
    throw refuse("take a number of it, '.s' for example");
  if (value.is_list())
    throw refuse("write 'join(\", \", ...)' or 'json(...)'");
  if (value.is_mapping())
    throw refuse("write 'json(...)'");
  if (value.is_reference())
    throw refuse("take an attribute of it, '.name' or '.address' for example");
  throw refuse("write 'default(..., \"\")' for a value that may be null");
}

}  // namespace encamp
