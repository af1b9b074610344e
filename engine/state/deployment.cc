#include "engine/state/deployment.h"

#include <algorithm>
#include <stdexcept>

#include <nlohmann/json.hpp>

namespace encamp {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Value& value) {
  return Json::parse(to_json(value));
}

Value value_of(const Json& json) {
  return from_json(json.dump());
}

Json json_of(const std::vector<Value>& values) {
  Json list = Json::array();
  for (const Value& value : values)
    list.push_back(json_of(value));
  return list;
}

std::vector<Value> values_of(const Json& json) {
  std::vector<Value> values;
  for (const Json& item : json)
    values.push_back(value_of(item));
  return values;
}

Json json_of(const Test& test) {
  Json json{{"name", test.name},
            {"address", test.address},
            {"nodes", test.nodes},
            {"command", Json::parse(to_json(test.command))},
            {"exit", test.expect.exit},
            {"contains", json_of(test.expect.contains)},
            {"timeout", test.timeout.count()},
            {"collect", json_of(test.collect)},
            {"needs", Json::array()}};
  if (test.expect.output)
    json["output"] = json_of(*test.expect.output);
  if (test.expect.matches)
    json["matches"] = json_of(*test.expect.matches);
  for (const Need& need : test.needs)
    json["needs"].push_back(need.address);
  return json;
}

Test test_of(const Json& json) {
  Test test;
  test.name = json.at("name").get<std::string>();
  test.address = json.at("address").get<std::string>();
  test.nodes = json.at("nodes").get<std::vector<Address>>();
  test.command = map_from_json(json.at("command").dump());
  test.expect.exit = json.at("exit").get<int>();
  test.expect.contains = values_of(json.at("contains"));
  if (json.contains("output"))
    test.expect.output = value_of(json.at("output"));
  if (json.contains("matches"))
    test.expect.matches = value_of(json.at("matches"));
  test.timeout = Duration(json.at("timeout").get<std::int64_t>());
  test.collect = values_of(json.at("collect"));
  for (const Json& need : json.at("needs"))
    test.needs.push_back({need.get<std::string>(), {}});
  return test;
}

std::int64_t number(Clock::WallTime time) {
  return time.time_since_epoch().count();
}

Clock::WallTime time_of(const Json& json) {
  return Clock::WallTime(Duration(json.get<std::int64_t>()));
}

// The first thing that `values` wait for, as one would write it; empty when all are known.
std::string waits_for(const std::vector<Value>& values) {
  for (const Value& value : values) {
    if (value.is_known())
      continue;
    const std::vector<AttributeReference> references = pending_references(value);
    return references.empty() ? to_source(value)
                              : references.front().address + "." + references.front().attribute;
  }
  return {};
}

std::vector<Value> values_in(const Test& test) {
  std::vector<Value> values = test.expect.contains;
  values.insert(values.end(), test.collect.begin(), test.collect.end());
  for (const auto& [name, value] : test.command)
    values.push_back(value);
  for (const std::optional<Value>& value : {test.expect.output, test.expect.matches}) {
    if (value)
      values.push_back(*value);
  }
  return values;
}

void settle_all(Test& test, const Lookup& lookup) {
  test.command = settle(test.command, lookup);
  for (std::vector<Value>* values : {&test.expect.contains, &test.collect}) {
    for (Value& value : *values)
      value = settle(value, lookup);
  }
  for (std::optional<Value>* value : {&test.expect.output, &test.expect.matches}) {
    if (*value)
      *value = settle(**value, lookup);
  }
}

}  // namespace

Deployment settle(Deployment deployment, const Lookup& lookup) {
  std::vector<Test> tests;
  for (Test& test : deployment.tests) {
    settle_all(test, lookup);
    if (const std::string missing = waits_for(values_in(test)); !missing.empty())
      deployment.unsettled[test.address] = missing;
    else
      tests.push_back(std::move(test));
  }
  std::vector<Output> outputs;
  for (Output& output : deployment.outputs) {
    output.value = settle(output.value, lookup);
    if (const std::string missing = waits_for({output.value}); !missing.empty())
      deployment.unsettled[child_address("outputs", output.name)] = missing;
    else
      outputs.push_back(std::move(output));
  }
  deployment.tests = std::move(tests);
  deployment.outputs = std::move(outputs);
  return deployment;
}

std::string to_json(const Deployment& deployment) {
  Json json{{"name", deployment.name},
            {"id", deployment.id},
            {"site", deployment.site},
            {"domain", deployment.domain},
            {"description", deployment.description},
            {"settings", deployment.settings},
            {"created", number(deployment.created)},
            {"tests", Json::array()},
            {"outputs", Json::array()},
            {"unsettled", deployment.unsettled}};
  for (const Test& test : deployment.tests)
    json["tests"].push_back(json_of(test));
  for (const Output& output : deployment.outputs)
    json["outputs"].push_back({{"name", output.name}, {"value", json_of(output.value)}});
  if (const std::optional<Deployment::Run>& run = deployment.last_run) {
    json["last_run"] = {{"verb", run->verb},
                        {"began", number(run->began)},
                        {"succeeded", run->succeeded},
                        {"has_loose_ends", run->has_loose_ends},
                        {"summary", run->summary}};
    if (run->ended)
      json["last_run"]["ended"] = number(*run->ended);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Deployment deployment_from_json(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    Deployment deployment{.name = json.at("name").get<std::string>(),
                          .id = json.at("id").get<std::string>(),
                          .site = json.at("site").get<std::string>(),
                          .domain = json.at("domain").get<std::string>(),
                          .description = json.at("description").get<std::string>(),
                          .settings = json.value("settings", std::map<std::string, std::string>()),
                          .created = time_of(json.at("created"))};
    for (const Json& test : json.at("tests"))
      deployment.tests.push_back(test_of(test));
    for (const Json& output : json.at("outputs"))
      deployment.outputs.push_back(
          {output.at("name").get<std::string>(), value_of(output.at("value")), {}});
    deployment.unsettled = json.at("unsettled").get<std::map<Address, std::string>>();
    if (json.contains("last_run")) {
      const Json& run = json.at("last_run");
      deployment.last_run = Deployment::Run{.verb = run.at("verb").get<std::string>(),
                                            .began = time_of(run.at("began")),
                                            .succeeded = run.at("succeeded").get<bool>(),
                                            .has_loose_ends = run.value("has_loose_ends", false),
                                            .summary = run.at("summary").get<std::string>()};
      if (run.contains("ended"))
        deployment.last_run->ended = time_of(run.at("ended"));
    }
    return deployment;
  } catch (const Json::exception& error) {
    throw std::invalid_argument(error.what());
  }
}

}  // namespace encamp
