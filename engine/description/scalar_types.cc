#include "engine/description/scalar_types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <re2/re2.h>

#include "engine/description/diagnostic.h"

namespace encamp {
namespace {

std::optional<std::int64_t> integer_from(std::string_view text) {
  int base = 10;
  bool negative = false;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0o")) {
    base = 8;
    text.remove_prefix(2);
  } else if (text.starts_with('+') || text.starts_with('-')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
  }
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || text.front() == '-' || failed != std::errc() ||
      end != text.data() + text.size())
    return std::nullopt;
  return negative ? -value : value;
}

std::optional<double> number_from(std::string_view text) {
  static const RE2 kNumber(R"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?)");
  if (!RE2::FullMatch(re2::StringPiece(text.data(), text.size()), kNumber))
    return std::nullopt;
  if (text.starts_with('+'))
    text.remove_prefix(1);
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc())
    return std::nullopt;
  return value;
}

[[noreturn]] void refuse(const std::string& text, const std::string& wanted, std::string hint = {},
                         std::string code = "wrong-type") {
  throw Mismatch{std::move(code), fmt::format("{} is wanted, and {} is none", wanted, quoted(text)),
                 std::move(hint)};
}

// The unit someone who leaves it out most likely means: memory of machines is given in MiB, disks
// in GiB, and nobody counts either in bytes below a million.
std::string likely_size(double number, std::string_view digits) {
  const char* unit = number >= 1'000'000 ? "B" : number >= 64 ? "MiB" : "GiB";
  return fmt::format("did you mean '{} {}'?", digits, unit);
}

struct Split {
  std::string digits;
  std::string unit;
};

Split split(const std::string& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::size_t unit = std::min(text.find_first_not_of(' ', end), text.size());
  return {text.substr(0, end), text.substr(unit)};
}

// `2 min 30 s` is more than a unit that is misspelt.
bool is_one_unit(const std::string& unit) {
  return !unit.empty() && unit.find_first_of("0123456789") == std::string::npos;
}

Value size_from(const std::string& text) {
  if (const std::optional<Bytes> bytes = parse_bytes(text))
    return *bytes;
  const auto [digits, unit] = split(text);
  const std::optional<double> number = number_from(digits);
  if (number && unit.empty())
    throw Mismatch{"missing-unit", "a size needs a unit", likely_size(*number, digits)};
  if (number && parse_bytes("1 " + unit))
    throw Mismatch{"out-of-range", fmt::format("{} is too large", quoted(text)), {}};
  std::string hint = "sizes are written like 512 MiB or 10 GB";
  if (number && is_one_unit(unit)) {
    static constexpr std::string_view kLetters = "kmgt";
    static constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB"};
    const char letter = static_cast<char>(unit.front() | 0x20);
    if (const std::size_t at = kLetters.find(letter); at != std::string_view::npos)
      hint = fmt::format("did you mean '{} {}'?", digits, kUnits[at]);
  }
  refuse(text, "a size", std::move(hint));
}

Value time_from(const std::string& text) {
  if (const std::optional<Duration> duration = parse_duration(text))
    return *duration;
  const auto [digits, unit] = split(text);
  const std::optional<double> number = number_from(digits);
  if (number && unit.empty())
    throw Mismatch{"missing-unit", "a time needs a unit",
                   fmt::format("did you mean '{} s'?", digits)};
  if (number && parse_duration("1 " + unit))
    throw Mismatch{"out-of-range", fmt::format("{} is too large", quoted(text)), {}};
  std::string hint = "times are written like 500 ms, 30 s, 5 min or 2 h";
  if (number && is_one_unit(unit)) {
    static constexpr std::string_view kLetters = "smh";
    static constexpr std::array kUnits = {"s", "min", "h"};
    const char letter = static_cast<char>(unit.front() | 0x20);
    if (const std::size_t at = kLetters.find(letter); at != std::string_view::npos)
      hint = fmt::format("did you mean '{} {}'?", digits, kUnits[at]);
  }
  refuse(text, "a time", std::move(hint));
}

bool is_address(std::string_view text) {
  static const RE2 kAddress(R"(((25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(\.|$)){4})");
  return !text.ends_with('.') &&
         RE2::FullMatch(re2::StringPiece(text.data(), text.size()), kAddress);
}

bool is_subnet(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || !is_address(std::string_view(text).substr(0, slash)))
    return false;
  const std::optional<std::int64_t> prefix = integer_from(text.substr(slash + 1));
  return prefix && *prefix >= 0 && *prefix <= 32;
}

Value subnet_from(const std::string& text) {
  if (!is_subnet(text))
    refuse(text, "a subnet", "subnets are written like 10.0.0.0/24");
  std::uint32_t address = 0;
  std::size_t begin = 0;
  for (int part = 0; part < 4; ++part) {
    const std::size_t end = text.find_first_of("./", begin);
    address =
        address << 8U | static_cast<std::uint32_t>(std::stoul(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  const unsigned long prefix = std::stoul(text.substr(begin));
  const std::uint32_t mask = prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
  const std::uint32_t base = address & mask;
  if (base != address)
    throw Mismatch{"invalid-subnet",
                   fmt::format("{} is an address in a subnet, and no subnet", quoted(text)),
                   fmt::format("did you mean '{}.{}.{}.{}/{}'?", base >> 24U, base >> 16U & 255U,
                               base >> 8U & 255U, base & 255U, prefix)};
  return text;
}

Value boolean_from(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  std::string hint;
  if (text == "yes" || text == "on" || text == "1")
    hint = "write 'true'";
  else if (text == "no" || text == "off" || text == "0")
    hint = "write 'false'";
  refuse(text, "true or false", std::move(hint));
}

Value mode_from(const std::string& text) {
  static const RE2 kMode("[0-7]{3,4}");
  if (!RE2::FullMatch(text, kMode))
    refuse(text, "a file mode", "modes are octal, like 0644");
  return text.size() == 3 ? "0" + text : text;
}

Value path_from(const std::string& text) {
  if (!text.starts_with('/') || text.find('\0') != std::string::npos)
    refuse(text, "an absolute path", "paths on a node begin with '/'");
  return text;
}

}  // namespace

Value scalar_from_text(const std::string& text, Type::Kind kind) {
  switch (kind) {
    case Type::Kind::Integer:
      if (const std::optional<std::int64_t> integer = integer_from(text))
        return *integer;
      refuse(text, "a whole number");
    case Type::Kind::Number:
      if (const std::optional<std::int64_t> integer = integer_from(text))
        return *integer;
      if (const std::optional<double> number = number_from(text))
        return *number;
      refuse(text, "a number");
    case Type::Kind::Boolean:
      return boolean_from(text);
    case Type::Kind::Size:
      return size_from(text);
    case Type::Kind::Time:
      return time_from(text);
    case Type::Kind::Ip:
      if (!is_address(text))
        refuse(text, "an IPv4 address", "addresses are written like 10.0.0.5");
      return text;
    case Type::Kind::Subnet:
      return subnet_from(text);
    case Type::Kind::Path:
      return path_from(text);
    case Type::Kind::Mode:
      return mode_from(text);
    case Type::Kind::Text:
    case Type::Kind::Any:
    case Type::Kind::Source:
    case Type::Kind::Bytes:
    case Type::Kind::Template:
    case Type::Kind::Parsed:
    case Type::Kind::Directory:
    case Type::Kind::Reference:
    case Type::Kind::List:
    case Type::Kind::Mapping:
      break;
  }
  return text;
}

Value core_scalar(const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE")
    return true;
  if (text == "false" || text == "False" || text == "FALSE")
    return false;
  if (const std::optional<std::int64_t> integer = integer_from(text))
    return *integer;
  if (const std::optional<double> number = number_from(text))
    return *number;
  return text;
}

std::string type_name(const Type& type) {
  switch (type.kind) {
    case Type::Kind::Any:
      return "a value";
    case Type::Kind::Text:
      return "text";
    case Type::Kind::Integer:
      return "a whole number";
    case Type::Kind::Number:
      return "a number";
    case Type::Kind::Boolean:
      return "true or false";
    case Type::Kind::Size:
      return "a size";
    case Type::Kind::Time:
      return "a time";
    case Type::Kind::Ip:
      return "an IPv4 address";
    case Type::Kind::Subnet:
      return "a subnet";
    case Type::Kind::Path:
      return "an absolute path";
    case Type::Kind::Source:
    case Type::Kind::Bytes:
    case Type::Kind::Template:
    case Type::Kind::Parsed:
      return "the path of a file";
    case Type::Kind::Directory:
      return "the path of a directory";
    case Type::Kind::Mode:
      return "a file mode";
    case Type::Kind::Reference:
      return type.component.empty() ? fmt::format("a name out of '{}'", type.section)
                                    : fmt::format("a resource of kind '{}'", type.component);
    case Type::Kind::List:
      return "a list";
    case Type::Kind::Mapping:
      return "a mapping";
  }
  return {};
}

}  // namespace encamp
