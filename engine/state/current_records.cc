#include "engine/state/current_records.h"

namespace encamp {

CurrentRecords::CurrentRecords(std::span<const Record> records) {
  records_.reserve(records.size());
  for (const Record& record : records) {
    const auto [current, is_new] = records_.emplace(record.address, &record);
    if (!is_new && record.generation > (*current)->generation)
      *current = &record;
  }
}

const Record* CurrentRecords::find(const Address& address) const {
  const Record* const* found = records_.find(address);
  return found == nullptr ? nullptr : *found;
}

const Record* CurrentRecords::find_standing(const Address& address) const {
  const Record* record = find(address);
  return record != nullptr && is_standing(*record) ? record : nullptr;
}

bool is_standing(const Record& record) {
  return record.life == Life::Present || record.life == Life::Intended;
}

}  // namespace encamp
