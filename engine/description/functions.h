// Operators and functions of expressions, on known values.
//
// To add a function, write it in functions.cc and put a line into its table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/description/expression_tree.h"

namespace encamp {

struct Function {
  std::string_view name;
  std::string_view parameters;  ///< As a message shows them: `sep, list`.
  std::size_t least;            ///< Number of arguments.
  std::size_t most;
  Value (*call)(const std::vector<Value>& arguments);  ///< Throws Refusal.
};

const Function* find_function(std::string_view name);
std::vector<std::string> function_names();

/// `left name right`, for every operator but `and` and `or`. Throws Refusal.
Value binary(const std::string& name, const Value& left, const Value& right);
/// `-` and `not`. Throws Refusal.
Value unary(const std::string& name, const Value& operand);

/// `x[index]`: an item by its number from 0, negative from the end, or a mapping's value by its
/// key. Throws Refusal.
Value item_at(const Value& of, const Value& index);
/// `.MiB` of a size, `.s` of a time, a key of a mapping; nothing when there is none.
std::optional<Value> plain_member(const Value& of, const std::string& name);
std::vector<std::string> plain_members(const Value& of);

/// The value as it stands inside text. Throws Refusal for a size, time, list, mapping, resource or
/// null, with the way to write it.
std::string to_text(const Value& value);

/// Bounds of what an expression may make.
inline constexpr std::size_t kLongestText = 1 << 20;
inline constexpr std::size_t kLongestList = 10'000;

}  // namespace encamp
