#include "engine/state/secrets.h"

#include <functional>

#include <fmt/format.h>

namespace encamp {
namespace {

constexpr const char* kKeyName = "digests";
constexpr std::size_t kKeyBytes = 32;

using Change = std::function<Value(const std::string& part, const Value&)>;

void change_all(Test& test, const Change& change) {
  for (auto& [name, value] : test.command.entries_to_change())
    value = change(name, value);
  for (Value& value : test.expect.contains)
    value = change("contains", value);
  for (std::optional<Value>* value : {&test.expect.output, &test.expect.matches}) {
    if (*value)
      *value = change(value == &test.expect.output ? "output" : "matches", **value);
  }
}

}  // namespace

Secret::Key find_secret_key(Journal& journal) {
  std::optional<std::string> key = journal.find_secret(kKeyName);
  return key ? std::make_shared<const std::string>(std::move(*key)) : nullptr;
}

Secret::Key secret_key(Journal& journal, Random& random) {
  if (Secret::Key key = find_secret_key(journal))
    return key;
  const auto key = std::make_shared<const std::string>(random.bytes(kKeyBytes));
  journal.keep_secret(kKeyName, *key);
  return key;
}

Value open_secrets(const Value& value, Journal& journal, const Secret::Key& key) {
  return with_secrets(value, [&](const Secret& secret) -> Value {
    if (!secret.is_open() && !secret.name().empty()) {
      if (std::optional<std::string> text = journal.find_secret(secret.name()))
        return Secret(std::move(*text), key, secret.name());
    }
    return secret.with_key(key);
  });
}

std::vector<Record> open_secrets(std::vector<Record> records, Journal& journal,
                                 const Secret::Key& key) {
  for (Record& record : records) {
    for (Properties* values : {&record.properties, &record.attributes, &record.notes}) {
      for (auto& [name, value] : values->entries_to_change())
        value = open_secrets(value, journal, key);
    }
  }
  return records;
}

Deployment open_secrets(Deployment deployment, Journal& journal, const Secret::Key& key) {
  for (Test& test : deployment.tests)
    change_all(test, [&](const std::string&, const Value& value) {
      return open_secrets(value, journal, key);
    });
  return deployment;
}

Value keep_secrets(const Value& value, const std::string& name, Journal& journal) {
  int count = 0;
  return with_secrets(value, [&](const Secret& secret) -> Value {
    if (!secret.name().empty())
      return secret;
    const Secret kept(secret.text(), secret.key(), fmt::format("{}.{}", name, ++count));
    if (journal.find_secret(kept.name()) != kept.text())
      journal.keep_secret(kept.name(), kept.text());
    return kept;
  });
}

Deployment keep_secrets(Deployment deployment, Journal& journal) {
  for (Test& test : deployment.tests)
    change_all(test, [&](const std::string& part, const Value& value) {
      return keep_secrets(value, test.address + "." + part, journal);
    });
  return deployment;
}

}  // namespace encamp
