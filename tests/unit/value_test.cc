// Values, quantities and addresses say the same after they were written and read again.
#include "engine/description/value.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/description/address.h"
#include "engine/description/quantity.h"

namespace encamp {
namespace {

rc::Gen<Value> any_value(int depth) {
  const auto text = rc::gen::map(rc::gen::container<std::string>(rc::gen::inRange<char>(32, 127)),
                                 [](const std::string& s) { return Value(s); });
  const auto integer =
      rc::gen::map(rc::gen::arbitrary<std::int64_t>(), [](std::int64_t n) { return Value(n); });
  const auto boolean = rc::gen::map(rc::gen::arbitrary<bool>(), [](bool b) { return Value(b); });
  const auto size = rc::gen::map(rc::gen::inRange<std::int64_t>(0, std::int64_t{1} << 45),
                                 [](std::int64_t n) { return Value(Bytes{n}); });
  const auto time = rc::gen::map(rc::gen::inRange<std::int64_t>(0, 1'000'000'000),
                                 [](std::int64_t n) { return Value(Duration(n)); });
  const auto reference = rc::gen::map(text, [](const Value& name) {
    return Value(Reference{child_address("nodes", name.text())});
  });
  if (depth == 0)
    return rc::gen::oneOf(text, integer, boolean, size, time, reference, rc::gen::just(Value()));
  const auto list = rc::gen::map(rc::gen::container<std::vector<Value>>(any_value(depth - 1)),
                                 [](const std::vector<Value>& items) { return Value(items); });
  const auto mapping =
      rc::gen::map(rc::gen::container<std::vector<Value>>(any_value(depth - 1)),
                   [](const std::vector<Value>& items) {
                     Value::Mapping entries;
                     for (const Value& item : items)
                       entries.push_back({"k" + std::to_string(entries.size()), item});
                     return Value(entries);
                   });
  return rc::gen::oneOf(text, integer, size, time, list, mapping);
}

RC_GTEST_PROP(Value, IsTheSameAfterJson, ()) {
  const Value value = *any_value(2).as("value");

  RC_ASSERT(from_json(to_json(value)) == value);
}

// Objects of plain text are read by another way than all others.
RC_GTEST_PROP(Properties, AreTheSameAfterJson, ()) {
  const auto ascii = rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
  Properties values{{*ascii, Value(*ascii)}, {"null", Value()}, {"yes", Value(true)}};
  RC_ASSERT(map_from_json(to_json(values)) == values);

  values.emplace("other", *any_value(1));
  RC_ASSERT(map_from_json(to_json(values)) == values);
}

TEST(Properties, AreNoHalfOfJson) {
  for (const char* text :
       {"", "{", R"({"a")", R"({"a":)", R"({"a":"b)", R"({"a":"b")", R"({"a":"b",})",
        R"({"a":"b"} )"
        "x",
        R"({"a":tru})", R"({"a":"\"})"})
    EXPECT_ANY_THROW(map_from_json(text)) << text;
}

RC_GTEST_PROP(Bytes, AreTheSameAfterPrinting, ()) {
  const Bytes bytes{*rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max())};

  RC_ASSERT(parse_bytes(to_string(bytes)) == bytes);
}

RC_GTEST_PROP(Duration, IsTheSameAfterPrinting, ()) {
  const Duration duration(
      *rc::gen::inRange<std::int64_t>(0, std::numeric_limits<std::int64_t>::max()));

  RC_ASSERT(parse_duration(to_string(duration)) == duration);
}

// Also what contains quotes, brackets and the separators of addresses themselves.
RC_GTEST_PROP(Address, KeepsTheNameItWasMadeOf, ()) {
  const auto character = rc::gen::element('a', '-', '.', ' ', '\'', '\\', '[', ']', '/');
  const std::string name = *rc::gen::nonEmpty(rc::gen::container<std::string>(character));

  const Address address = child_address("nodes.head.software", name);

  RC_ASSERT(last_name(address) == name);
  RC_ASSERT(node_of(address) == "nodes.head");
}

TEST(Quantity, ReadsUnitsOfBothKinds) {
  EXPECT_EQ(parse_bytes("4GiB"), Bytes::gibi(4));
  EXPECT_EQ(parse_bytes("10 GB"), Bytes{10'000'000'000});
  EXPECT_EQ(parse_bytes("1.5 GiB"), Bytes::mebi(1536));
  EXPECT_EQ(parse_duration("5 min"), Duration(300'000));
  EXPECT_EQ(parse_duration("0.5 s"), Duration(500));
  for (const char* text :
       {"", "GiB", "1", "-1 GiB", "1 gib", "1 GiB ", "9999999999 TiB", "1.2.3 s"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Value, OfBytesThatAreNoTextComesBackFromJson) {
  const Value bytes(std::string("\xFF\0\x01", 3));

  EXPECT_EQ(to_json(bytes), R"({"$base64":"/wAB"})");
  EXPECT_EQ(from_json(to_json(bytes)), bytes);
}

}  // namespace
}  // namespace encamp
