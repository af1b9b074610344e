#include <algorithm>

#include <fmt/format.h>

#include "engine/description/expression.h"
#include "engine/description/expression_tree.h"
#include "engine/description/resolver.h"

namespace encamp {
namespace {

Type text() {
  return {.kind = Type::Kind::Text};
}
Type texts() {
  return {.kind = Type::Kind::List, .item = {text()}, .or_one = true};
}

const std::vector<std::string> kTestKeys = {"node",      "nodes",       "run",    "user",
                                            "directory", "environment", "input",  "needs",
                                            "expect",    "timeout",     "collect"};

Type expectation_type() {
  return {.kind = Type::Kind::Mapping,
          .fields = {{.name = "exit",
                      .type = {.kind = Type::Kind::Integer},
                      .least = Value(0),
                      .most = Value(255)},
                     {.name = "output", .type = text()},
                     {.name = "contains", .type = texts()},
                     {.name = "matches", .type = text()}}};
}

// As the component `command` types them, when it is there.
Type command_type(const Registry& registry, const std::string& property) {
  if (const Component* command = registry.find("command")) {
    if (const PropertySchema* schema = command->schema().find_property(property))
      return schema->type;
  }
  if (property == "environment")
    return {.kind = Type::Kind::Mapping, .item = {text()}};
  return property == "directory" ? Type{.kind = Type::Kind::Path} : text();
}

/// What is wrong with the value says which parameters it came from.
template <typename Wanted>
std::optional<Value> read_told(Drafts& drafts, const Typing& typing, const Tree& tree,
                               const Wanted& wanted) {
  std::optional<Value> value;
  drafts.told_parameters([&] { value = typing.read(tree, wanted); });
  return value;
}

class TestReader {
 public:
  TestReader(Drafts& drafts, const Tree::Entry& entry)
      : drafts_(drafts), entry_(entry), keys_(entry.value) {}

  std::optional<Test> of_site() {
    test_.name = entry_.key;
    test_.address = child_address("tests", entry_.key);
    check_keys(keys_, kTestKeys, "a test", drafts_.diagnostics());
    read_nodes();
    return read();
  }

  std::optional<Test> of_node(const Draft& node) {
    test_.name = last_name(node.resource.address) + "." + entry_.key;
    test_.address = child_address(node.resource.address + ".tests", entry_.key);
    test_.nodes = {node.resource.address};
    for (const char* key : {"node", "nodes"}) {
      if (const Tree::Entry* named = keys_.find(key))
        drafts_.diagnostics().add({.code = "unknown-key",
                                   .summary = fmt::format("a node's own test has no '{}'", key),
                                   .where = named->where,
                                   .hint = "it runs on that node"});
    }
    check_keys(keys_, kTestKeys, "a test", drafts_.diagnostics());
    return read();
  }

 private:
  std::optional<Test> read() {
    test_.where = entry_.where;
    // With several nodes each run has another `node`, so the name means nothing here.
    const PlaceScope scope(drafts_, test_.nodes.size() == 1 ? test_.nodes.front() : Address());
    const Typing typing(scope, drafts_.loader(), drafts_.diagnostics());
    read_command(typing);
    test_.needs = read_needs(drafts_, written("needs"), scope, {});
    if (const Tree* tree = written("expect"))
      read_expectation(typing, *tree);
    if (const Tree* tree = written("timeout")) {
      const PropertySchema timeout{
          .name = "timeout", .type = {.kind = Type::Kind::Time}, .least = Value(Duration(1))};
      if (const std::optional<Value> value = read_told(drafts_, typing, *tree, timeout))
        test_.timeout = value->duration();
    }
    if (const Tree* tree = written("collect"))
      read_collect(typing, *tree);
    return std::move(test_);
  }

  const Tree* written(const std::string& key) const {
    const Tree::Entry* entry = keys_.find(key);
    return entry == nullptr || entry->value.is_null() ? nullptr : &entry->value;
  }

  void read_nodes() {
    const PlaceScope scope(drafts_, Address());
    const Typing typing(scope, drafts_.loader(), drafts_.diagnostics());
    const Type node{.kind = Type::Kind::Reference, .section = "nodes"};
    const Tree* one = written("node");
    const Tree* several = written("nodes");
    if (one != nullptr && several != nullptr) {
      drafts_.diagnostics().add({.code = "two-keys",
                                 .summary = "a test has 'node' or 'nodes', not both",
                                 .where = keys_.find("nodes")->where,
                                 .notes = {{"the other", keys_.find("node")->where}}});
    } else if (one != nullptr) {
      if (const std::optional<Value> value = read_told(drafts_, typing, *one, node))
        test_.nodes = {value->reference()};
    } else if (several != nullptr) {
      const Type nodes{.kind = Type::Kind::List, .item = {node}, .or_one = true};
      if (const std::optional<Value> value = read_told(drafts_, typing, *several, nodes)) {
        for (const Value& item : value->list())
          test_.nodes.push_back(item.reference());
      }
    } else {
      if (!has_misspelt(keys_, "node", kTestKeys) && !has_misspelt(keys_, "nodes", kTestKeys))
        report_missing("node", fmt::format("'{}'", test_.address), entry_.where,
                       drafts_.diagnostics());
    }
  }

  void read_command(const Typing& typing) {
    for (const char* name : {"run", "user", "directory", "environment", "input"}) {
      const Type type =
          std::string_view(name) == "run" ? text() : command_type(drafts_.registry(), name);
      if (const Tree* tree = written(name)) {
        if (std::optional<Value> value = read_told(drafts_, typing, *tree, type))
          test_.command.emplace(name, std::move(*value));
      }
    }
    if (written("run") == nullptr && !has_misspelt(keys_, "run", kTestKeys))
      report_missing("run", fmt::format("'{}'", test_.address), entry_.where,
                     drafts_.diagnostics());
  }

  // `/var/log/x`, or `ce:/var/log/x` of the node `ce`.
  void read_collect(const Typing& typing, const Tree& tree) {
    const std::optional<Value> value = read_told(drafts_, typing, tree, texts());
    if (!value)
      return;
    test_.collect = value->list();
    for (std::size_t i = 0; i < test_.collect.size(); ++i) {
      if (!test_.collect[i].is_text())
        continue;
      const std::string& text = test_.collect[i].text();
      const Span& where =
          tree.items.size() == test_.collect.size() ? tree.items[i].where : tree.where;
      const auto part = [&](std::size_t begin, std::size_t size) {
        return Tree{.kind = Tree::Kind::Scalar, .text = text.substr(begin, size), .where = where};
      };
      const std::size_t colon = text.starts_with('/') ? std::string::npos : text.find(':');
      if (colon != std::string::npos)
        typing.read(part(0, colon), Type{.kind = Type::Kind::Reference, .section = "nodes"});
      typing.read(part(colon + 1, std::string::npos), Type{.kind = Type::Kind::Path});
    }
  }

  void read_expectation(const Typing& typing, const Tree& tree) {
    const std::optional<Value> value = read_told(drafts_, typing, tree, expectation_type());
    if (!value || !value->is_mapping())
      return;
    if (const Value* exit = value->find("exit"))
      test_.expect.exit = static_cast<int>(exit->integer());
    if (const Value* output = value->find("output"))
      test_.expect.output = *output;
    if (const Value* contains = value->find("contains"))
      test_.expect.contains = contains->list();
    if (const Value* matches = value->find("matches")) {
      test_.expect.matches = *matches;
      if (matches->is_text())
        typing.check_pattern(matches->text(), tree.find("matches")->value.where);
    }
  }

  Drafts& drafts_;
  const Tree::Entry& entry_;
  const Tree& keys_;
  Test test_;
};

// Also inside of what is pending.
bool has_secret(const Value& value) {
  if (find_secret(value) != nullptr)
    return true;
  if (value.is_list())
    return std::ranges::any_of(value.list(), has_secret);
  if (value.is_mapping())
    return std::ranges::any_of(value.mapping(), has_secret, &Value::Entry::value);
  const auto in_tree = [](const auto& self, const Expression& e) -> bool {
    return has_secret(e.literal) || std::ranges::any_of(e.operands, [&](const auto& operand) {
             return self(self, *operand);
           });
  };
  return value.is_pending() && in_tree(in_tree, *value.pending());
}

// Reports an output that contains what is to be shown nowhere.
bool keeps_secrets(Drafts& drafts, const Value& value, const Span& where) {
  if (has_secret(value)) {
    drafts.diagnostics().add(
        {.code = "secret-output",
         .summary = "this is made of a secret parameter, and outputs are shown",
         .where = where});
    return false;
  }
  for (const AttributeReference& reference : pending_references(value)) {
    const Draft* draft = drafts.find(reference.address);
    const AttributeSchema* attribute =
        draft == nullptr ? nullptr : draft->schema->find_attribute(reference.attribute);
    if (attribute == nullptr || !attribute->secret)
      continue;
    drafts.diagnostics().add({.code = "secret-output",
                              .summary = fmt::format("'{}.{}' is secret, and outputs are shown",
                                                     reference.address, reference.attribute),
                              .where = reference.where ? reference.where : where});
    return false;
  }
  return true;
}

}  // namespace

void declare_tests(Drafts& drafts, const Tree& section) {
  for (const Tree::Entry& entry : section.entries) {
    if (!entry.key.starts_with("x-"))
      drafts.add_test("tests", entry.key);
  }
}

std::vector<Test> read_tests(Drafts& drafts, const Tree& section) {
  std::vector<Test> tests;
  const auto add_all = [&](const Tree& entries, const Draft* node) {
    for (const Tree::Entry& entry : entries.entries) {
      if (entry.key.starts_with("x-") ||
          !check_name(entry.key, "a test", entry.where, drafts.diagnostics()) ||
          !check_mapping(entry.value, "a test", drafts.diagnostics()))
        continue;
      TestReader reader(drafts, entry);
      std::optional<Test> test = node == nullptr ? reader.of_site() : reader.of_node(*node);
      if (test)
        tests.push_back(std::move(*test));
    }
  };
  for (const std::unique_ptr<Draft>& draft : drafts.all()) {
    const Tree::Entry* own = draft->extended == nullptr ? nullptr : draft->keys->find("tests");
    if (own != nullptr)
      told_the_way(drafts, *draft, [&] { add_all(own->value, draft.get()); });
  }
  add_all(section, nullptr);
  return tests;
}

std::vector<Output> read_outputs(Drafts& drafts, const Tree& section) {
  const PlaceScope scope(drafts, Address());
  const Typing typing(scope, drafts.loader(), drafts.diagnostics());
  std::vector<Output> outputs;
  for (const Tree::Entry& entry : section.entries) {
    if (entry.key.starts_with("x-") ||
        !check_name(entry.key, "an output", entry.where, drafts.diagnostics()))
      continue;
    std::optional<Value> value = read_told(drafts, typing, entry.value, Type{});
    if (value && keeps_secrets(drafts, *value, entry.value.where))
      outputs.push_back({entry.key, std::move(*value), entry.where});
  }
  return outputs;
}

}  // namespace encamp
