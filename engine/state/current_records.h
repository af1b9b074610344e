// What a journal's rows say now: of each resource the row of its latest generation.
#pragma once

#include <span>

#include "engine/description/name_map.h"
#include "engine/state/record.h"

namespace encamp {

/// Points into `records`, which must outlive it and not move.
class CurrentRecords {
 public:
  explicit CurrentRecords(std::span<const Record> records);

  /// nullptr when there is no row.
  const Record* find(const Address& address) const;
  /// The row when the resource is there or begun (Present, Intended), else nullptr.
  const Record* find_standing(const Address& address) const;

 private:
  NameMap<const Record*> records_;
};

/// Whether the row is Present or Intended: the resource is there or begun, and nobody removes it.
bool is_standing(const Record& record);

}  // namespace encamp
