#include "engine/description/functions.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <re2/re2.h>

#include "engine/description/base64.h"
#include "engine/description/yaml_print.h"

namespace encamp {
namespace {

using Arguments = std::vector<Value>;

[[noreturn]] void refuse(const Value& value, const char* wanted) {
  throw Refusal{fmt::format("{} is wanted, and this is {}", wanted, value.kind_name()), {}};
}
const std::string& text_of(const Value& value) {
  return value.is_text() ? value.text() : (refuse(value, "text"), value.text());
}
const Value::List& list_of(const Value& value) {
  return value.is_list() ? value.list() : (refuse(value, "a list"), value.list());
}
std::int64_t integer_of(const Value& value) {
  return value.is<std::int64_t>() ? value.integer()
                                  : (refuse(value, "a whole number"), value.integer());
}
void limit_text(std::size_t size) {
  if (size > kLongestText)
    throw Refusal{"the result is too large", {}};
}

Value join(const Arguments& arguments) {
  std::string text;
  bool first = true;
  for (const Value& item : list_of(arguments[1])) {
    if (item.is_null())
      continue;
    if (!first)
      text += text_of(arguments[0]);
    text += to_text(item);
    first = false;
    limit_text(text.size());
  }
  return text;
}

Value split(const Arguments& arguments) {
  const std::string& separator = text_of(arguments[0]);
  const std::string& text = text_of(arguments[1]);
  if (separator.empty())
    throw Refusal{"the separator is empty", {}};
  Value::List parts;
  std::size_t begin = 0;
  while (true) {
    const std::size_t end = text.find(separator, begin);
    if (parts.size() >= kLongestList)
      throw Refusal{"the result is too large", {}};
    parts.emplace_back(text.substr(begin, end == std::string::npos ? end : end - begin));
    if (end == std::string::npos)
      return parts;
    begin = end + separator.size();
  }
}

Value length(const Arguments& arguments) {
  const Value& of = arguments[0];
  if (of.is_list())
    return static_cast<std::int64_t>(of.list().size());
  if (of.is_mapping())
    return static_cast<std::int64_t>(of.mapping().size());
  const std::string& text = text_of(of);
  return static_cast<std::int64_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string changed_case(const Value& value, char first, char last) {
  std::string text = text_of(value);
  for (char& c : text) {
    if (c >= first && c <= last)
      c = static_cast<char>(c ^ 0x20);
  }
  return text;
}
Value upper(const Arguments& arguments) {
  return changed_case(arguments[0], 'a', 'z');
}
Value lower(const Arguments& arguments) {
  return changed_case(arguments[0], 'A', 'Z');
}

Value replace(const Arguments& arguments) {
  const std::string& text = text_of(arguments[0]);
  const std::string& from = text_of(arguments[1]);
  const std::string& to = text_of(arguments[2]);
  if (from.empty())
    throw Refusal{"the text to replace is empty", {}};
  std::string result;
  std::size_t at = 0;
  while (true) {
    const std::size_t found = text.find(from, at);
    result.append(text, at, found == std::string::npos ? found : found - at);
    if (found == std::string::npos)
      return result;
    result += to;
    limit_text(result.size());
    at = found + from.size();
  }
}

Value contains(const Arguments& arguments) {
  return binary("in", arguments[1], arguments[0]);
}

Value keys(const Arguments& arguments) {
  if (!arguments[0].is_mapping())
    refuse(arguments[0], "a mapping");
  Value::List names;
  for (const Value::Entry& entry : arguments[0].mapping())
    names.emplace_back(entry.key);
  return names;
}
Value values(const Arguments& arguments) {
  if (!arguments[0].is_mapping())
    refuse(arguments[0], "a mapping");
  Value::List all;
  for (const Value::Entry& entry : arguments[0].mapping())
    all.push_back(entry.value);
  return all;
}

Value::List sorted(const Value& of) {
  Value::List list = list_of(of);
  // Compared in pairs first: a sort must not be left by an exception of its comparison.
  for (std::size_t i = 1; i < list.size(); ++i)
    binary("<", list[0], list[i]);
  std::ranges::stable_sort(
      list, [](const Value& a, const Value& b) { return binary("<", a, b).boolean(); });
  return list;
}
Value sort(const Arguments& arguments) {
  return sorted(arguments[0]);
}
Value least(const Arguments& arguments) {
  if (list_of(arguments[0]).empty())
    throw Refusal{"an empty list has no least item", {}};
  return sorted(arguments[0]).front();
}
Value most(const Arguments& arguments) {
  if (list_of(arguments[0]).empty())
    throw Refusal{"an empty list has no greatest item", {}};
  return sorted(arguments[0]).back();
}
Value sum(const Arguments& arguments) {
  const Value::List& list = list_of(arguments[0]);
  if (list.empty())
    return 0;
  for (const Value& item : list) {
    if (!item.is<Bytes>() && !item.is<Duration>() && !item.is<std::int64_t>() && !item.is<double>())
      refuse(item, "a number, size or time");
  }
  Value total = list.front();
  for (std::size_t i = 1; i < list.size(); ++i)
    total = binary("+", total, list[i]);
  return total;
}

Value range(const Arguments& arguments) {
  const std::int64_t from = integer_of(arguments[0]);
  const std::int64_t to = integer_of(arguments[1]);
  if (to > from && static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from) > kLongestList)
    throw Refusal{"the result is too large", {}};
  Value::List list;
  for (std::int64_t i = from; i < to; ++i)
    list.emplace_back(i);
  return list;
}

Value round(const Arguments& arguments) {
  if (!arguments[0].is<std::int64_t>() && !arguments[0].is<double>())
    refuse(arguments[0], "a number");
  const double rounded = std::round(arguments[0].number());
  if (std::abs(rounded) >= 9.2e18)
    throw Refusal{"the result is too large", {}};
  return static_cast<std::int64_t>(rounded);
}

Value base64(const Arguments& arguments) {
  const std::string& text = text_of(arguments[0]);
  limit_text(text.size() * 4 / 3);
  return to_base64(text);
}

Value sha256(const Arguments& arguments) {
  const std::string& text = text_of(arguments[0]);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    throw Refusal{"the digest could not be computed", {}};
  std::string hex;
  for (unsigned int i = 0; i < size; ++i)
    hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

// The value where C's printf would take it: `%d %x` a whole number, `%f %e %g` a number, `%s` what
// can stand in text.
std::string formatted(const std::string& spec, const Value& value) {
  std::string pattern = "{:";
  const auto has = [&](char flag) { return spec.find(flag) != std::string::npos; };
  const std::size_t digits = spec.find_first_of("123456789.");
  const std::string flags = spec.substr(1, std::min(digits, spec.size() - 1) - 1);
  const char kind = spec.back();
  const bool is_left = flags.find('-') != std::string::npos;
  if (is_left || kind == 's')
    pattern += is_left ? '<' : '>';
  if (flags.find('+') != std::string::npos && kind != 's')
    pattern += '+';
  else if (flags.find(' ') != std::string::npos && kind != 's')
    pattern += ' ';
  if (flags.find('0') != std::string::npos && !is_left && kind != 's')
    pattern += '0';
  if (digits != std::string::npos)
    pattern += spec.substr(digits, spec.size() - 1 - digits);
  const bool is_whole = kind == 'd' || kind == 'x' || kind == 'X' || kind == 'o';
  if (is_whole && has('.'))
    throw Refusal{fmt::format("'{}' means nothing for a whole number", spec), {}};
  pattern += std::string(1, kind) + "}";
  if (is_whole)
    return fmt::format(fmt::runtime(pattern), integer_of(value));
  if (kind == 's')
    return fmt::format(fmt::runtime(pattern), to_text(value));
  if (!value.is<std::int64_t>() && !value.is<double>())
    refuse(value, "a number");
  return fmt::format(fmt::runtime(pattern), value.number());
}

Value format(const Arguments& arguments) {
  static const RE2 kSpec("%[-+ 0]*[0-9]{0,3}(\\.[0-9]{1,2})?[dxXosfeg]");
  const std::string& pattern = text_of(arguments[0]);
  std::string text;
  std::size_t next = 1;
  for (std::size_t at = 0; at < pattern.size(); ++at) {
    if (pattern[at] != '%' || pattern.compare(at, 2, "%%") == 0) {
      at += pattern[at] == '%' ? 1U : 0U;
      text += pattern[at];
      continue;
    }
    const std::size_t end = pattern.find_first_of("dxXosfeg", at);
    const std::string spec = pattern.substr(at, end == std::string::npos ? end : end + 1 - at);
    if (!RE2::FullMatch(spec, kSpec))
      throw Refusal{fmt::format("'{}' is no place for a value", spec),
                    "there are %d, %s, %f, %x and %%, with a width like in %05d"};
    if (next == arguments.size())
      throw Refusal{fmt::format("there is no value for '{}'", spec), {}};
    text += formatted(spec, arguments[next++]);
    at = end;
    limit_text(text.size());
  }
  if (next != arguments.size())
    throw Refusal{fmt::format("the pattern has places for {} values, and here are {}", next - 1,
                              arguments.size() - 1),
                  {}};
  return text;
}

void require_json(const Value& value) {
  if (value.is_list()) {
    for (const Value& item : value.list())
      require_json(item);
  } else if (value.is_mapping()) {
    for (const Value::Entry& entry : value.mapping())
      require_json(entry.value);
  } else if (value.is<Bytes>() || value.is<Duration>() || value.is_reference()) {
    throw Refusal{fmt::format("{} has no form in JSON", value.kind_name()),
                  "take a number or a name of it: '.MiB', '.s', '.name'"};
  }
}
Value json(const Arguments& arguments) {
  require_json(arguments[0]);
  std::string text = to_json(arguments[0]);
  limit_text(text.size());
  return text;
}

Value yaml(const Arguments& arguments) {
  require_json(arguments[0]);
  std::string text = to_yaml(arguments[0]);
  limit_text(text.size());
  return text;
}

struct Subnet {
  std::uint32_t base;
  int prefix;
};

Subnet subnet_of(const Value& value) {
  const std::string& text = text_of(value);
  std::uint32_t base = 0;
  int part = 0;
  const char* at = text.data();
  const char* end = text.data() + text.size();
  for (int i = 0; i < 5; ++i) {
    const auto [next, failed] = std::from_chars(at, end, part);
    const bool separated = i == 4 ? next == end : next != end && *next == (i == 3 ? '/' : '.');
    if (failed != std::errc() || !separated || part < 0 || part > (i == 4 ? 32 : 255))
      throw Refusal{fmt::format("'{}' is no subnet", text), "subnets are written like 10.0.0.0/24"};
    if (i < 4)
      base = base << 8U | static_cast<std::uint32_t>(part);
    at = next + 1;
  }
  return {base, part};
}

std::uint32_t mask_of(int prefix) {
  return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

std::string address_text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24U, address >> 16U & 255U, address >> 8U & 255U,
                     address & 255U);
}

Value cidr_host(const Arguments& arguments) {
  const Subnet subnet = subnet_of(arguments[0]);
  const std::int64_t size = std::int64_t{1} << (32 - subnet.prefix);
  const std::int64_t written = integer_of(arguments[1]);
  const std::int64_t number = written < 0 ? written + size : written;
  if (number < 0 || number >= size)
    throw Refusal{fmt::format("'{}' has no host number {}", arguments[0].text(), written), {}};
  return address_text((subnet.base & mask_of(subnet.prefix)) + static_cast<std::uint32_t>(number));
}

Value cidr_netmask(const Arguments& arguments) {
  return address_text(mask_of(subnet_of(arguments[0]).prefix));
}

Value or_default(const Arguments& arguments) {
  return arguments[0].is_null() ? arguments[1] : arguments[0];
}

constexpr std::array kFunctions = {
    Function{"base64", "text", 1, 1, base64},
    Function{"cidr_host", "subnet, n", 2, 2, cidr_host},
    Function{"cidr_netmask", "subnet", 1, 1, cidr_netmask},
    Function{"contains", "x, y", 2, 2, contains},
    Function{"default", "x, y", 2, 2, or_default},
    Function{"format", "pattern, ...", 1, 100, format},
    Function{"join", "separator, list", 2, 2, join},
    Function{"json", "x", 1, 1, json},
    Function{"keys", "mapping", 1, 1, keys},
    Function{"length", "x", 1, 1, length},
    Function{"lower", "text", 1, 1, lower},
    Function{"max", "list", 1, 1, most},
    Function{"min", "list", 1, 1, least},
    Function{"range", "from, to", 2, 2, range},
    Function{"replace", "text, from, to", 3, 3, replace},
    Function{"round", "n", 1, 1, round},
    Function{"sha256", "text", 1, 1, sha256},
    Function{"sort", "list", 1, 1, sort},
    Function{"split", "separator, text", 2, 2, split},
    Function{"sum", "list", 1, 1, sum},
    Function{"upper", "text", 1, 1, upper},
    Function{"values", "mapping", 1, 1, values},
    Function{"yaml", "x", 1, 1, yaml},
};

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names = {"file", "template"};  // evaluate() reads files itself.
  for (const Function& function : kFunctions)
    names.emplace_back(function.name);
  return names;
}

}  // namespace encamp
