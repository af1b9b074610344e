#include "engine/description/expression.h"

#include <map>

#include <gtest/gtest.h>

#include "engine/description/evaluate.h"
#include "engine/description/expression_parser.h"
#include "engine/error.h"

namespace encamp {
namespace {

/// Two nodes; `address` of each is chosen, `name` is known. `n` is 6, `memory` 512 MiB.
class SmallScope : public Scope {
 public:
  std::optional<Value> find(const std::string& name) const override {
    static const std::map<std::string, Value> kNames = {
        {"n", 6},
        {"memory", Bytes::mebi(512)},
        {"nodes", Reference{"nodes"}},
        {"nothing", Value()},
        {"users", Value::Mapping{{"alice", 1}, {"bob", 2}}}};
    const auto found = kNames.find(name);
    return found == kNames.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> names() const override {
    return {"n", "memory", "nodes", "nothing", "users"};
  }
  std::optional<Value> member(const Address& address, const std::string& name,
                              const Span& where) const override {
    if (address == "nodes" && (name == "a" || name == "b"))
      return Reference{"nodes." + name};
    if (address != "nodes" && name == "name")
      return last_name(address);
    if (address != "nodes" && name == "address")
      return attribute_value({address, name, where});
    return std::nullopt;
  }
  std::vector<std::string> members(const Address& address) const override {
    return address == "nodes" ? std::vector<std::string>{"a", "b"}
                              : std::vector<std::string>{"name", "address"};
  }
  std::optional<Value::List> elements(const Address& address) const override {
    if (address != "nodes")
      return std::nullopt;
    return Value::List{Reference{"nodes.a"}, Reference{"nodes.b"}};
  }
};

/// The scalar as if it stood alone in a file, without quotes.
Tree scalar(const std::string& text) {
  const auto file = std::make_shared<const SourceFile>("e.yaml", text);
  Tree tree{.kind = Tree::Kind::Scalar, .text = text};
  tree.where = span_at(file, 0, text.size());
  return tree;
}

Value value_of(const std::string& text) {
  const auto parsed = parse_scalar(scalar(text));
  if (const std::string* plain = std::get_if<std::string>(&parsed))
    return *plain;
  return evaluate(*std::get<Expression::Pointer>(parsed), SmallScope());
}

/// The value of an expression without its braces.
Value value(const std::string& expression) {
  return value_of("${{ " + expression + " }}");
}

/// The message, its column and its hint.
std::string mistake(const std::string& text) {
  try {
    value_of(text);
  } catch (const ExpressionError& error) {
    const Diagnostic& d = error.diagnostic;
    return std::to_string(d.where.column) + "+" + std::to_string(d.where.length) + ": " +
           d.summary + (d.hint.empty() ? "" : " (" + d.hint + ")");
  }
  return "none";
}

TEST(Expression, ReckonsWithNumbers) {
  EXPECT_EQ(value("1 + 2 * 3"), Value(7));
  EXPECT_EQ(value("(1 + 2) * 3"), Value(9));
  EXPECT_EQ(value("7 / 2"), Value(3.5));
  EXPECT_EQ(value("8 / 2"), Value(4));
  EXPECT_EQ(value("-7 // 2"), Value(-4));
  EXPECT_EQ(value("-7 % 2"), Value(1));
  EXPECT_EQ(value("n -1"), Value(5));
  EXPECT_EQ(value("2 - -3"), Value(5));
  EXPECT_EQ(value("10 - 3 - 2"), Value(5));
}

TEST(Expression, ReckonsWithQuantities) {
  EXPECT_EQ(value("memory * 2"), Value(Bytes::gibi(1)));
  EXPECT_EQ(value("2 * 256 MiB + 1GiB"), Value(Bytes::mebi(1536)));
  EXPECT_EQ(value("memory / 128 MiB"), Value(4));
  EXPECT_EQ(value("memory.MiB"), Value(512));
  EXPECT_EQ(value("(2 min).s"), Value(120));
  EXPECT_EQ(value("1 h / 4"), Value(Duration(900'000)));
  EXPECT_EQ(value("memory <= 1 GiB"), Value(true));
}

TEST(Expression, ComparesAndDecides) {
  EXPECT_EQ(value("1 < 2 and not 2 == 3"), Value(true));
  EXPECT_EQ(value("'a' if n > 5 else 'b'"), Value("a"));
  EXPECT_EQ(value("2 in [1, 2] and 3 not in [1, 2]"), Value(true));
  EXPECT_EQ(value("1 == 1.0"), Value(true));
  EXPECT_EQ(value("nothing == null"), Value(true));
  EXPECT_EQ(value("\"lic\" in 'alice' or unknown"), Value(true));
}

TEST(Expression, FindsItems) {
  EXPECT_EQ(value("[1, 2, 3][-1]"), Value(3));
  EXPECT_EQ(value("users[\"bob\"] + users.alice"), Value(3));
  EXPECT_EQ(value("nodes.a"), Value(Reference{"nodes.a"}));
  EXPECT_EQ(value("nodes[1].name"), Value("b"));
  EXPECT_EQ(value("nodes[\"a\"].name"), Value("a"));
  EXPECT_EQ(value("nodes[*].name"), Value(Value::List{"a", "b"}));
  EXPECT_EQ(value("length(nodes)"), Value(2));
}

TEST(Expression, CallsFunctions) {
  EXPECT_EQ(value("join(', ', nodes[*].name)"), Value("a, b"));
  EXPECT_EQ(value("join('\\n', [1, null, 2.5, true])"), Value("1\n2.5\ntrue"));
  EXPECT_EQ(value("upper(replace('a-b', '-', '_'))"), Value("A_B"));
  EXPECT_EQ(value("json([1, 'x', users])"), Value(R"([1,"x",{"alice":1,"bob":2}])"));
  EXPECT_EQ(value("base64('hello')"), Value("aGVsbG8="));
  EXPECT_EQ(value("sha256('')"),
            Value("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  EXPECT_EQ(value("cidr_host('10.1.2.0/24', -2)"), Value("10.1.2.254"));
  EXPECT_EQ(value("cidr_netmask('10.1.2.0/20')"), Value("255.255.240.0"));
  EXPECT_EQ(value("default(nothing, 'x')"), Value("x"));
  EXPECT_EQ(value("sort(split(' ', 'c a b'))"), Value(Value::List{"a", "b", "c"}));
  EXPECT_EQ(value("sum([1 GiB, 1 GiB])"), Value(Bytes::gibi(2)));
  EXPECT_EQ(value("range(1, 4)"), Value(Value::List{1, 2, 3}));
  EXPECT_EQ(value("[min([3, 1, 2]), max([3, 1, 2]), round(2.5)]"), Value(Value::List{1, 3, 3}));
  EXPECT_EQ(value("length('grün')"), Value(4));
}

TEST(Expression, KeepsItsTypeAloneAndBecomesTextInsideText) {
  EXPECT_EQ(value_of("${{ n }}"), Value(6));
  EXPECT_EQ(value_of("n is ${{ n }}, half ${{ n / 2 }}, ${{ 7 / 2 }}"),
            Value("n is 6, half 3, 3.5"));
  EXPECT_EQ(value_of("$${{ n }} costs $5"), Value("${{ n }} costs $5"));
  EXPECT_EQ(value_of("${{ '}}' }}"), Value("}}"));
  EXPECT_EQ(value_of("${{ \"${{\" }}"), Value("${{"));
}

TEST(Expression, LeavesWhatIsChosenPending) {
  const Value url = value_of("http://${{ nodes.a.address }}:${{ 80 + n }}/");

  ASSERT_TRUE(url.is_pending());
  EXPECT_EQ(to_source(url), "http://${{ nodes.a.address }}:86/");
  const Value known = settle(url, [](const Address& address, const std::string& attribute) {
    return Value(address + "/" + attribute);
  });
  EXPECT_EQ(known, Value("http://nodes.a/address:86/"));
}

TEST(Expression, SettlesInSteps) {
  const Value both = value("join(' ', nodes[*].address) if n == 6 else 1");
  ASSERT_EQ(pending_references(both).size(), 2U);

  const Value first = settle(both, [](const Address& address, const std::string&) {
    return address == "nodes.a" ? std::optional<Value>("1.1.1.1") : std::nullopt;
  });

  EXPECT_EQ(to_source(first), "1.1.1.1 ${{ nodes.b.address }}");
  EXPECT_EQ(settle(first, [](const Address&, const std::string&) { return Value("2.2.2.2"); }),
            Value("1.1.1.1 2.2.2.2"));
}

TEST(Expression, SettlesInsideListsAndMappings) {
  const Value nested = Value::Mapping{{"list", Value::List{value("nodes.a.address"), 1}}};

  const Properties settled = settle(Properties{{"p", nested}},
                                    [](const Address&, const std::string&) { return Value("x"); });

  EXPECT_EQ(settled.at("p"), Value(Value::Mapping{{"list", Value::List{"x", 1}}}));
}

TEST(Expression, SaysWhereALateValueDoesNotFit) {
  const Value sum = value("1 + nodes.a.address");

  try {
    settle(sum, [](const Address&, const std::string&) { return Value("text"); });
    FAIL() << "settled";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::Failed);
    EXPECT_STREQ(error.what(),
                 "cannot evaluate '${{ 1 + nodes.a.address }}': '+' cannot join a whole number and "
                 "text (e.yaml:1:5)");
  }
}

TEST(Expression, PointsAtWhatIsWrong) {
  EXPECT_EQ(mistake("x ${{ nods.a }}"),
            "7+4: nothing is named 'nods' here (did you mean 'nodes'?)");
  EXPECT_EQ(mistake("${{ nodes.c.name }}"), "5+7: 'nodes' has no 'c' (there are a, b)");
  EXPECT_EQ(mistake("${{ nodes.a.adress }}"),
            "5+14: 'nodes.a' has no 'adress' (did you mean 'address'?)");
  EXPECT_EQ(mistake("${{ n-1 }}"),
            "5+3: nothing is named 'n-1' here (a '-' inside a name belongs to it; minus stands "
            "between spaces)");
  EXPECT_EQ(mistake("${{ 1 + 'x' }}"), "5+7: '+' cannot join a whole number and text");
  EXPECT_EQ(mistake("${{ 1 == 'x' }}"), "5+8: a whole number cannot be compared with text");
  EXPECT_EQ(mistake("${{ n"), "1+3: this reference is not closed by '}}'");
  EXPECT_EQ(mistake("${{ }}"), "5+2: an expression is missing here");
  EXPECT_EQ(mistake("${{ n + }}"), "9+2: the expression ends too early");
  EXPECT_EQ(mistake("${{ n ! 1 }}"),
            "7+1: this character has no meaning in an expression (the words are 'and', 'or' and "
            "'not')");
  EXPECT_EQ(mistake("${{ lenght(nodes) }}"),
            "5+13: there is no function 'lenght' (did you mean 'length'?)");
  EXPECT_EQ(mistake("${{ join(nodes) }}"),
            "5+11: 'join' takes (separator, list), and here is 1 argument");
  EXPECT_EQ(mistake("${{ nodes.name }}"), "5+10: 'nodes' has no 'name' (there are a, b)");
  EXPECT_EQ(mistake("a ${{ memory }}"),
            "7+6: a size does not say how it is written as text (take a number of it, '.MiB' for "
            "example)");
  EXPECT_EQ(mistake("${{ 5 // 0 }}"), "5+6: division by zero");
  EXPECT_EQ(mistake("${{ 9223372036854775807 + 1 }}"), "5+23: the result is too large");
  EXPECT_EQ(mistake("${{ 1 < 2 < 3 }}"),
            "11+1: comparisons cannot be chained (join two of them with 'and')");
  EXPECT_EQ(mistake("${{ n if n }}"), "12+2: 'else' is missing here");
  EXPECT_EQ(mistake("${{ n is x }}"), "5+1: 'is' asks of a node, and this is a whole number");
}

TEST(Expression, EndsWithAMessageHoweverDeepItIs) {
  EXPECT_EQ(mistake("${{ " + std::string(100, '(') + " }}"),
            "65+1: this expression is nested too deep");
  EXPECT_EQ(mistake("${{ " + std::string(5000, '-') + "1 }}"),
            "1005+1: this expression is too long");
  std::string sum = "1";
  for (int i = 0; i < 400; ++i)
    sum += " + 1";
  EXPECT_EQ(value(sum), Value(401));
}

}  // namespace
}  // namespace encamp
