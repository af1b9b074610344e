#include "src/terminal_status.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/bind/bind.h"
#include "src/terminal_text.h"

namespace encamp {
namespace {

struct Row {
  std::string what;
  Condition condition;
  std::string at;     // Its address.
  std::string items;  // `4 items`
  std::string below;  // What is wrong, indented lines.
};

std::string reasons_below(const Condition& condition, int spaces) {
  std::string text;
  for (const std::string& reason : condition.reasons)
    text += indented(one_line(reason), spaces);
  return text;
}

// A copy's name without its number, and the number; 0 when the name has none.
std::pair<std::string, int> split_number(const std::string& name) {
  const std::size_t dash = name.rfind('-');
  if (dash == std::string::npos || dash + 1 == name.size() || name.size() - dash > 6 ||
      !std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dash) + 1, name.end(),
                   [](char c) { return c >= '0' && c <= '9'; }))
    return {name, 0};
  return {name.substr(0, dash), std::stoi(name.substr(dash + 1))};
}

// Copies one after another of which there is the same to say become one row.
std::vector<Row> folded(const std::vector<Row>& rows) {
  std::vector<Row> result;
  struct {
    std::string name;
    int first = 0;
    int last = 0;
    std::string first_at;
  } run;
  for (const Row& row : rows) {
    const auto [name, number] = split_number(row.what);
    const bool goes_on = number > 0 && !result.empty() && run.name == name &&
                         run.last + 1 == number && row.below.empty() &&
                         result.back().below.empty() && result.back().items == row.items &&
                         result.back().condition.word == row.condition.word;
    if (!goes_on) {
      result.push_back(row);
      run = {name, number, number, row.at};
      continue;
    }
    run.last = number;
    result.back().what = fmt::format("{}-[{}-{}]", name, run.first, run.last);
    result.back().at = row.at.empty() ? run.first_at : run.first_at + " to " + row.at;
  }
  return result;
}

// By copies' numbers: worker-10 after worker-9.
bool comes_before(const Row& one, const Row& other) {
  return split_number(one.what) < split_number(other.what);
}

std::string items_of(const std::vector<const Record*>& items, const Observations& seen,
                     const Registry& registry, Row& row) {
  std::size_t well = 0;
  for (const Record* item : items) {
    const Condition condition = condition_of(*item, seen, registry);
    if (condition.is_well()) {
      ++well;
      continue;
    }
    row.below += fmt::format("    {}  {}\n",
                             one_line(item->address.substr(node_of(item->address).size() + 1)),
                             condition.word) +
                 reasons_below(condition, 8);
  }
  if (items.empty())
    return "";
  const std::string all = counted(static_cast<std::ptrdiff_t>(items.size()), "item");
  return well == items.size() ? all : fmt::format("{} of {} well", well, all);
}

}  // namespace

Condition condition_of(const Record& record, const Observations& seen, const Registry& registry) {
  const auto found = seen.find(record.address);
  const Component* component = registry.find(record.component);
  if (record.life != Life::Present || found == seen.end() || component == nullptr)
    return {to_string(record.life), {}};
  const Change drift = drift_of(*component, record, found->second);
  switch (found->second.kind) {
    case Observation::Kind::Gone:
      return {"gone", {}};
    case Observation::Kind::Stopped:
      return {"stopped", {}};
    case Observation::Kind::Silent:
      return {"silent", drift.reasons};
    case Observation::Kind::Seen:
      break;
  }
  if (drift.kind == Change::Kind::Keep)
    return {to_string(record.life), {}};
  return {"drift", drift.reasons};
}

std::string address_shown(const Record& record) {
  const char* const attribute = record.component == "network" ? "subnet" : "address";
  const std::optional<Value> value =
      chosen_attribute(record.component, record.properties, attribute);
  return value && value->is_text() ? value->text() : "";
}

std::string status_lines(const std::vector<Record>& records, const Observations& seen,
                         const Registry& registry) {
  std::map<Address, std::vector<const Record*>> items;
  std::vector<Row> rows;
  std::vector<Row> nodes;
  for (const Record& record : records) {
    const Address node(node_of(record.address));
    if (!node.empty() && node != record.address)
      items[node].push_back(&record);
  }
  for (const Record& record : records) {
    const Address node(node_of(record.address));
    if (!node.empty() && node != record.address)
      continue;
    Row row{.what = one_line(record.address),
            .condition = condition_of(record, seen, registry),
            .at = address_shown(record),
            .items = {},
            .below = {}};
    row.below = reasons_below(row.condition, 4);
    if (!node.empty())
      row.items = items_of(items[node], seen, registry, row);
    (node.empty() ? rows : nodes).push_back(std::move(row));
  }
  std::ranges::stable_sort(nodes, comes_before);
  std::ranges::move(folded(nodes), std::back_inserter(rows));

  std::size_t what = 0;
  std::size_t word = 0;
  std::size_t at = 0;
  for (const Row& row : rows) {
    what = std::max(what, row.what.size());
    word = std::max(word, row.condition.word.size());
    at = std::max(at, row.at.size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = fmt::format("  {:{}}  {:{}}  {:{}}  {}", row.what, what, row.condition.word,
                                   word, row.at, at, row.items);
    line.resize(line.find_last_not_of(' ') + 1);
    text += line + "\n" + row.below;
  }
  return text;
}

}  // namespace encamp
